import Foundation
import FuzzTargets
import Testing

/// Inputs that fuzzers found interesting, and those that something failed at.
@Suite(.serialized) struct `Every input a fuzzer left` {
    struct Input: Sendable, CustomTestStringConvertible {
        var target: FuzzTarget
        var file: URL
        var testDescription: String { "\(target.rawValue)/\(file.lastPathComponent)" }
    }

    private static let folder: URL = {
        var root = URL(filePath: #filePath)
        for _ in 0..<3 { root.deleteLastPathComponent() }
        return root.appending(path: "Fuzz")
    }()

    static func inputs(_ kind: String) -> [Input] {
        FuzzTarget.allCases.flatMap { target in
            let place = folder.appending(path: "\(kind)/\(target.rawValue)")
            let files = try? FileManager.default.contentsOfDirectory(at: place, includingPropertiesForKeys: nil)
            return (files ?? []).sorted { $0.path < $1.path }.map { Input(target: target, file: $0) }
        }
    }

    @Test(arguments: inputs("Corpus") + inputs("Failures"))
    func `goes through its parser as the fuzzer wants it`(_ input: Input) throws {
        input.target.prepare()
        input.target.run(Array(try Data(contentsOf: input.file)))
    }

    @Test(arguments: FuzzTarget.allCases)
    func `has company for every target`(_ target: FuzzTarget) {
        #expect(Self.inputs("Corpus").count { $0.target == target } >= 4)
    }
}
