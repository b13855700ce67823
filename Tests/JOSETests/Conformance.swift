import Bytes
import Foundation

/// Test data that lies outside the repository: `TOLLGATE_CONFORMANCE_DIR`, or beside the checkout.
enum Conformance {
    /// The document of that name, or nil, said loudly.
    static func document(_ name: String) -> JSONDocument? {
        guard let bytes = bytes(directory.appending(path: name)) else { return nil }
        return try? JSONDocument(parsing: bytes, limits: .document)
    }

    static func text(_ name: String) -> String? {
        bytes(directory.appending(path: name)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// A file beside the conformance data (`fixtures/…`, `seeds/…`).
    static func shared(_ path: String) -> String? {
        let file = directory.deletingLastPathComponent().appending(path: path)
        return bytes(file).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The names in a directory beside the conformance data.
    static func sharedNames(_ path: String) -> [String] {
        let folder = directory.deletingLastPathComponent().appending(path: path)
        let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
        return (names ?? []).sorted()
    }

    private static func bytes(_ file: URL) -> [UInt8]? {
        guard let data = try? Data(contentsOf: file) else {
            print(
                "*** SKIPPED: \(file.lastPathComponent) is not there. Set TOLLGATE_CONFORMANCE_DIR to run these tests.")
            return nil
        }
        return [UInt8](data)
    }

    private static let directory: URL = {
        if let path = ProcessInfo.processInfo.environment["TOLLGATE_CONFORMANCE_DIR"] {
            return URL(fileURLWithPath: path)
        }
        // Tests/JOSETests/Conformance.swift in the package, whose neighbour is the data.
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        return package.deletingLastPathComponent().appending(path: "shared/conformance")
    }()
}

/// Counts verdicts of a conformance file, and prints them.
struct Tally {
    private(set) var agreed = 0
    private(set) var disagreements: [String] = []
    private var skipped: [String: Int] = [:]

    mutating func agree() { agreed += 1 }
    mutating func disagree(_ row: String) { disagreements.append(row) }
    mutating func skip(_ reason: String) { skipped[reason, default: 0] += 1 }

    mutating func expect(_ holds: Bool, _ row: @autoclosure () -> String) {
        if holds { agree() } else { disagree(row()) }
    }

    func report(_ file: String) {
        let reasons = skipped.sorted { $0.key < $1.key }.map { "\($0.value) × \($0.key)" }
        print(
            "\(file): \(agreed) verdicts as expected, \(disagreements.count) not;",
            "skipped \(skipped.values.reduce(0, +)): \(reasons.joined(separator: ", "))")
        for row in disagreements { print("  not as expected:", row) }
    }
}

extension JSONValue {
    /// The value as JSON text.
    var source: [UInt8] {
        Array(document.bytes[isString ? range.lowerBound - 1..<range.upperBound + 1 : range])
    }

    func text(_ name: String) -> String { self[name]?.string ?? "" }

    func base64(_ name: String) -> [UInt8] {
        let bytes = self[name]?.decodedBytes ?? []
        return (try? Base64URL.decode(bytes.span)) ?? []
    }
}

extension [UInt8] {
    var asText: String { String(decoding: self, as: UTF8.self) }
}
