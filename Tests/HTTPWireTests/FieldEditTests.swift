import Bytes
import HTTPWire
import Testing

@Suite struct `An edit of field lines` {
    private static func edited(_ lines: String, by edit: FieldEdit) throws -> String {
        let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n".utf8)
        var table = FieldTable()
        _ = try #require(try RequestHeadParser.parse(bytes.span, limits: .standard, into: &table))
        edit.removed.drop(from: &table, in: bytes.span)
        let kept = table.lines.filter { !$0.isDropped }.map { String(decoding: bytes[$0.line], as: UTF8.self) }
        return kept.dropFirst().joined() + String(decoding: edit.added, as: UTF8.self)
    }

    private static func removing(_ names: String..., adding lines: String = "") -> FieldEdit {
        FieldEdit(removing: FieldNames(names.map { Array($0.utf8) }), adding: Array(lines.utf8))
    }

    @Test func `takes lines out in every spelling that one reader takes for the name`() throws {
        let edit = Self.removing("X-User_id")
        let lines = "x-user-id: 1\r\nX_USER_ID: 2\r\nX-User-Id: 3\r\nX-User: 4\r\nX-User-Idx: 5\r\nx.user-id: 6\r\n"
        #expect(try Self.edited(lines, by: edit) == "X-User: 4\r\nX-User-Idx: 5\r\nx.user-id: 6\r\n")
    }

    @Test func `takes out names of any length and none that only share it`() throws {
        let long = String(repeating: "a", count: 80)
        let edit = Self.removing(long)
        let kept = String(repeating: "a", count: 79) + ": 1\r\n" + String(repeating: "b", count: 80) + ": 1\r\n"
        #expect(try Self.edited(kept + "\(long): 1\r\n", by: edit) == kept)
    }

    @Test func `replaces what an earlier one added`() throws {
        let first = Self.removing("a", adding: "a: 1\r\nb: 2\r\n")
        let edit = first.followed(by: Self.removing("B", adding: "c: 3\r\n"))
        #expect(try Self.edited("A: 0\r\nb: 0\r\nc: 0\r\n", by: edit) == "c: 0\r\na: 1\r\nc: 3\r\n")
        #expect(FieldEdit.chain(nil, first) === first)
        #expect(FieldEdit.chain(first, nil) === first)
        #expect(FieldEdit.chain(nil, nil) == nil)
    }

    @Test func `of nothing changes nothing`() throws {
        #expect(try Self.edited("a: 1\r\n", by: Self.removing()) == "a: 1\r\n")
    }
}
