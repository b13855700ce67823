package import Bytes

/// Runs files of conformance cases.
///
/// A file is one JSON object whose `tests` each have `id`, `file`, `expr`, `expect` and what they need:
/// `type_env`, `bindings`, `container`, `disable_check`, `check_only`. Cases with `needs_proto` are skipped.
package struct CELConformance: Sendable {
    package struct Tally: Sendable {
        package var passed = 0
        package var failed = 0
        package var skipped = 0
    }

    /// By the `file` of the cases, in the order they come.
    package private(set) var files: [(name: String, tally: Tally)] = []
    package private(set) var total = Tally()

    /// What the file must have to be one.
    package static let limits = JSONLimits(maxBytes: 64 << 20, maxDepth: 200, maxNodes: 4 << 20)

    /// Runs all cases; `print` is given each miss, a line per file and `N passed, N failed, N skipped`.
    package static func run(_ document: JSONDocument, print: (String) -> Void) -> CELConformance {
        var conformance = CELConformance()
        for test in document.root["tests"].map({ Array($0.elements) }) ?? [] {
            conformance.run(ConformanceCase(test), print: print)
        }
        for file in conformance.files { print("\(file.name): \(text(file.tally))") }
        print(text(conformance.total))
        return conformance
    }

    private mutating func run(_ test: ConformanceCase, print: (String) -> Void) {
        if files.last?.name != test.file { files.append((test.file, Tally())) }
        if test.needsProto {
            count(\.skipped)
        } else if let miss = test.miss() {
            count(\.failed)
            print("\(test.id): \(miss)")
        } else {
            count(\.passed)
        }
    }

    private mutating func count(_ part: WritableKeyPath<Tally, Int>) {
        total[keyPath: part] += 1
        files[files.count - 1].tally[keyPath: part] += 1
    }

    private static func text(_ tally: Tally) -> String {
        "\(tally.passed) passed, \(tally.failed) failed, \(tally.skipped) skipped"
    }
}
