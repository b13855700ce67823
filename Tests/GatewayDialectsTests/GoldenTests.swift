import Foundation
import GatewayDialects
import GatewayModel
import Testing

/// Golden pairs: `Fixtures/agentgateway/<case>/input.yaml` with what it decodes to beside it.
///
/// `TOLLGATE_RECORD=1` writes what is there now; review the difference before committing it.
/// A case may have an `environment` file with `NAME=value` lines (`\n` for a line end).
@Suite struct `Documents of the agentgateway dialect` {
    @Test(arguments: GoldenCase.all)
    func `decode to the recorded model and diagnostics`(_ golden: GoldenCase) throws {
        let source = try golden.read("input.yaml")
        let (configuration, diagnostics) = AgentgatewayDialect.decode(
            text: source, documentName: "input.yaml", environment: try golden.environment())
        let rendered = AgentgatewayDialect.rendered(diagnostics, text: source, documentName: "input.yaml").joined()
        let model = diagnostics.hasErrors ? "refused\n" : ModelDump.text(of: try #require(configuration))
        if GoldenCase.isRecording {
            try golden.write(rendered, to: "diagnostics.txt")
            try golden.write(model, to: "model.txt")
        } else {
            #expect(rendered == (try golden.read("diagnostics.txt")))
            #expect(model == (try golden.read("model.txt")))
        }
    }

    /// Cut off and damaged texts: whatever they are, the answer is a model or an error.
    @Test(arguments: GoldenCase.all)
    func `are decoded or refused, cut off and damaged as they may be`(_ golden: GoldenCase) throws {
        let bytes = Array(try golden.read("input.yaml").utf8)
        var random = SplitMix(state: UInt64(bytes.count))
        for _ in 0..<60 {
            var damaged = bytes.prefix(Int(random.next() % UInt64(bytes.count + 1)))
            for _ in 0..<3 where !damaged.isEmpty {
                let place = Int(random.next() % UInt64(damaged.count))
                damaged[place] = Self.damage[Int(random.next() % UInt64(Self.damage.count))]
            }
            let (configuration, diagnostics) = AgentgatewayDialect.decode(
                text: String(decoding: damaged, as: UTF8.self), documentName: "damaged", environment: [:])
            #expect(configuration != nil || diagnostics.hasErrors)
        }
    }

    private static let damage = Array("\n\t :-?[]{},&*!|>'\"%@`$#~0a\u{7F}".utf8)

    @Test func `have golden cases at all`() {
        #expect(GoldenCase.all.count > 20)
    }
}

/// A small generator with a known start, so that a failure comes back.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

struct GoldenCase: CustomTestStringConvertible, Sendable {
    var name: String

    var testDescription: String { name }

    static let isRecording = ProcessInfo.processInfo.environment["TOLLGATE_RECORD"] == "1"

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Fixtures/agentgateway")

    static let all: [GoldenCase] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { !$0.hasPrefix(".") }.sorted().map(GoldenCase.init)
    }()

    func read(_ file: String) throws -> String {
        try String(contentsOf: Self.folder.appending(path: "\(name)/\(file)"), encoding: .utf8)
    }

    func write(_ text: String, to file: String) throws {
        try Data(text.utf8).write(to: Self.folder.appending(path: "\(name)/\(file)"))
    }

    func environment() throws -> [String: String] {
        guard let text = try? read("environment") else { return [:] }
        let pairs = text.split(separator: "\n").compactMap { line -> (String, String)? in
            guard let equals = line.firstIndex(of: "=") else { return nil }
            let value = line[line.index(after: equals)...].replacingOccurrences(of: "\\n", with: "\n")
            return (String(line[..<equals]), value)
        }
        return Dictionary(uniqueKeysWithValues: pairs)
    }
}
