import Foundation
import Testing

/// What people have at hand. Everything it shows is also tested with raw bytes; without curl these are skipped.
@Suite(.enabled(if: Curl.path != nil, "curl is not installed: the suites with raw bytes remain")) struct `curl` {
    private let stage: Stage

    init() throws { stage = try Stage() }

    private func url(_ path: String) -> String { "http://127.0.0.1:\(stage.gateway.port)\(path)" }

    @Test func `gets what the upstream says, with a token`() throws {
        let curl = try Curl("-si", "-H", "Authorization: Bearer \(try Tokens.token())", url("/hello?x=y"))
        let upstream = try stage.upstream.accept()
        #expect(try upstream.readHead().hasPrefix("GET /hello?x=y HTTP/1.1\r\n"))
        try upstream.answer("hello")
        let output = curl.output()
        #expect(output.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(output.hasSuffix("hello"))
    }

    @Test func `gets 401 and the challenge without one`() throws {
        let output = try Curl("-si", url("/hello")).output()
        #expect(output.hasPrefix("HTTP/1.1 401 Unauthorized\r\n"))
        #expect(output.contains("www-authenticate: Bearer realm="))
        #expect(!stage.upstream.hasVisitor)
    }

    @Test func `uploads with a length, in chunks and after 100 Continue`() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "tollgate-upload-\(UUID().uuidString)")
        let size = 3 << 20
        try Data(repeating: 0x78, count: size).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        for lines in [["Expect:"], ["Transfer-Encoding: chunked"], ["Expect: 100-continue"]] {
            let headers = lines.flatMap { ["-H", $0] }
            let curl = try Curl(
                ["-s", "-w", "%{http_code}", "-T", file.path] + headers + [url("/open/up")])
            let upstream = try stage.upstream.accept()
            let head = try upstream.readHead()
            if head.lowercased().contains("expect: 100-continue") { try upstream.send("HTTP/1.1 100 Continue\r\n\r\n") }
            if head.contains("transfer-encoding: chunked") {
                var seen = 0
                while true {
                    let chunk = try upstream.readChunk()
                    if chunk.isEmpty { break }
                    seen += chunk.count
                }
                #expect(seen == size)
            } else {
                try upstream.skip(count: size)
            }
            try upstream.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
            #expect(curl.output() == "200")
        }
    }

    @Test func `downloads, with HEAD and as HTTP/1.0, too`() throws {
        let size = 3 << 20
        for (option, expected) in [("--http1.1", "200 \(size)"), ("--http1.0", "200 \(size)"), ("-I", "200 0")] {
            let curl = try Curl(
                "-s", "-o", "/dev/null", "-w", "%{http_code} %{size_download}", option, url("/open/down"))
            let upstream = try stage.upstream.accept()
            let isHead = try upstream.readHead().hasPrefix("HEAD ")
            try upstream.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: \(size)\r\n\r\n")
            if !isHead { try upstream.send([UInt8](repeating: 0x78, count: size)) }
            #expect(curl.output() == expected, "\(option)")
        }
    }

    @Test func `keeps its connection`() throws {
        let curl = try Curl(
            "-s", "-w", " %{num_connects};", url("/open/1"), url("/open/2"), url("/secret"), url("/open/3"))
        let upstream = try stage.upstream.accept()
        for index in 1...3 {
            #expect(try upstream.readHead().hasPrefix("GET /open/\(index) "))
            try upstream.answer("\(index)")
        }
        let output = curl.output()
        #expect(output.hasPrefix("1 1;2 0;"))
        #expect(output.hasSuffix("3 0;"))
    }
}

/// A curl that runs while the test plays the upstream.
final class Curl {
    static let path: String? = ["/usr/bin/curl", "/usr/local/bin/curl", "/opt/homebrew/bin/curl"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    private let process = Process()
    private let pipe = Pipe()

    convenience init(_ arguments: String...) throws {
        try self.init(arguments)
    }

    init(_ arguments: [String]) throws {
        process.executableURL = URL(filePath: try #require(Self.path))
        process.arguments = ["--max-time", "20", "--noproxy", "*"] + arguments
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    /// Waits for the end.
    func output() -> String {
        let data = (try? pipe.fileHandleForReading.readToEnd()) ?? Data()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }
}
