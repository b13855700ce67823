import Foundation
import GatewayModel
import Testing

@Suite struct RefusalTableTests {
    @Test func `the page of refusals says what the code says`() throws {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let page = try String(contentsOf: tests.appending(path: "../Docs/Refusals.md"), encoding: .utf8)
        #expect(page == RefusalCode.markdown, "make docs brings it up to date")
    }

    @Test(arguments: RefusalCode.allCases)
    func `a refusal has a status that fits whose doing it is`(code: RefusalCode) {
        let entry = code.entry
        #expect((400..<600).contains(entry.status))
        if entry.blame == .upstream { #expect(entry.status >= 500) }
        if entry.challenge == .invalidToken { #expect(entry.status == 401) }
    }

    @Test(arguments: RefusalCode.allCases)
    func `a client's text can stand in a quoted string`(code: RefusalCode) {
        let text = "\(code.entry.text)"
        #expect(!text.isEmpty)
        #expect(
            text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") })
    }
}
