import Bytes
import CEL
import Foundation
import Testing

@Suite struct ConformanceTests {
    /// The case file: `TOLLGATE_CEL_CONFORMANCE`, or its usual place beside the package.
    static var path: String {
        if let path = ProcessInfo.processInfo.environment["TOLLGATE_CEL_CONFORMANCE"] { return path }
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return root.appending(path: "../shared/conformance/cel_conformance.json").standardizedFileURL.path
    }

    @Test func `every case holds that needs no protocol buffers`() throws {
        guard let data = FileManager.default.contents(atPath: Self.path) else {
            print("*** NOT RUN: no CEL conformance file at \(Self.path); set TOLLGATE_CEL_CONFORMANCE ***")
            return
        }
        let document = try JSONDocument(parsing: [UInt8](data), limits: CELConformance.limits)
        let outcome = CELConformance.run(document) { print($0) }
        #expect(outcome.total.failed == 0)
        #expect(outcome.total.passed > 0)
    }
}
