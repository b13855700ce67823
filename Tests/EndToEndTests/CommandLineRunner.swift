import Foundation
import Synchronization

/// The real binary, run as a user runs it.
enum CommandLineRunner {
    struct Result: Sendable {
        let exitCode: Int32
        let output: String
        let errors: String

        /// The output without the line break at its end.
        var line: String { output.hasSuffix("\n") ? String(output.dropLast()) : output }
    }

    /// `TOLLGATE_BINARY`, or the binary that was built beside the tests.
    static let binary: URL = {
        if let path = ProcessInfo.processInfo.environment["TOLLGATE_BINARY"] { return URL(fileURLWithPath: path) }
        #if os(Linux)
            let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        #else
            let own = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundleURL ?? Bundle.main.bundleURL
        #endif
        return own.deletingLastPathComponent().appendingPathComponent("tollgate")
    }()

    /// Runs `tollgate` with these arguments to its end.
    static func run(_ arguments: [String], input: String = "", in folder: URL? = nil) throws -> Result {
        let process = Process()
        process.executableURL = binary
        process.arguments = arguments
        process.currentDirectoryURL = folder
        let standardInput = Pipe()
        let output = Pipe()
        let errors = Pipe()
        process.standardInput = standardInput
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        try standardInput.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try standardInput.fileHandleForWriting.close()
        // Both are small enough for a pipe, so that reading one after the other cannot block.
        let outputText = try output.fileHandleForReading.readToEnd() ?? Data()
        let errorText = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return Result(
            exitCode: process.terminationStatus, output: String(decoding: outputText, as: UTF8.self),
            errors: String(decoding: errorText, as: UTF8.self))
    }
}

/// A folder that goes away with the test.
final class CommandLineFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("tollgate-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: url.appendingPathComponent(name))
    }

    func read(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: url.appendingPathComponent(name)), as: UTF8.self)
    }

    /// The permission bits of a file.
    func mode(of name: String) throws -> Int? {
        let path = url.appendingPathComponent(name).path
        return try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    func run(_ arguments: String..., input: String = "") throws -> CommandLineRunner.Result {
        try CommandLineRunner.run(arguments, input: input, in: url)
    }

    /// A token signed with a fresh key whose set is then in `keys.json`, and the key in `key.jwk`.
    func sign(_ arguments: String...) throws -> String {
        let files = ["--save-key", "key.jwk", "--jwks", "keys.json", "--quiet"]
        return try CommandLineRunner.run(["jwt", "sign"] + arguments + files, in: url).line
    }

    /// A token signed with the key that `sign` left.
    func signAgain(_ arguments: String...) throws -> String {
        try CommandLineRunner.run(["jwt", "sign", "--quiet", "--key", "key.jwk"] + arguments, in: url).line
    }

    /// Writes `config.yaml`: one route whose tokens come from `https://issuer.test` for the audience `api`.
    /// - Parameter jwtAuth: a further line of the policy.
    func writeConfiguration(mode: String = "strict", algorithms: String? = nil, jwtAuth: String = "") throws {
        try write(
            """
            binds:
            - port: 3000
              listeners:
              - routes:
                - name: orders
                  policies:
                    jwtAuth:
                      mode: \(mode)
                      issuer: https://issuer.test
                      audiences: [api]
                      jwks: {file: keys.json}
                      \(algorithms.map { "algorithms: [\($0)]" } ?? "")
                      \(jwtAuth)
                  backends: [{host: "localhost:8080"}]
            """, to: "config.yaml")
    }
}
