import Passwords
import Testing

@Suite struct `A hashed password` {
    struct Case: Sendable, CustomTestStringConvertible {
        var password: String
        var hash: String
        var testDescription: String { "\(password.prefix(20)), \(hash.prefix(8))" }
    }

    /// Of `openssl passwd -apr1`, of `crypt` of libxcrypt, and of `sha1sum`.
    static let cases: [Case] = [
        Case(password: "secret", hash: "$apr1$0DdBV61.$iI.VpvgCj4lh2F.r.w4Uy."),
        Case(password: "", hash: "$apr1$ab$S8K6Sgp3W8c9Jb6LxgywZ."),
        Case(password: "a", hash: "$apr1$ab$MW8Wizufu9hz465GKNNrn."),
        Case(password: "0123456789abcdefgh", hash: "$apr1$ab$jkVie9/cTSgz2VSagtyJs0"),
        Case(password: "secret", hash: "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"),
        Case(password: "secret", hash: "$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"),
        Case(
            password: String(repeating: "x", count: 80),
            hash: "$2b$05$abcdefghijklmnopqrstuujf8SX2ahXLwp9w/B.Y5XdysS6yR576q"),
        Case(password: "", hash: "$2a$04$/OK.fbVrR/bpIqNJ5ianF.wdBKudyyroECOpLvv3jdJuqJkVNc7se"),
        Case(password: "pass wörd", hash: "$2b$06$zVHmKQtGGQob.b/Nc7l9NOOX2Gb6NDJmDIljjIUBxDGcWyIJH9NlG"),
        Case(password: "secret", hash: "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="),
    ]

    @Test(arguments: cases)
    func `matches its password and no other`(_ entry: Case) throws {
        let hash = try PasswordHash(entry.hash)
        #expect(hash.matches(Array(entry.password.utf8)))
        #expect(!hash.matches(Array((entry.password.isEmpty ? "b" : String(entry.password.dropLast(9))).utf8)))
        #expect(!hash.matches(Array("Secret".utf8)))
    }

    @Test(arguments: [
        ("", PasswordHash.Problem.unreadable), ("secret", .unreadable), ("$apr1$salt", .unreadable),
        ("$apr1$toolongasalt$iI.VpvgCj4lh2F.r.w4Uy.", .unreadable), ("{SHA}abc=", .unreadable),
        ("$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIr", .unreadable),
        ("$2y$03$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW", .unreadable),
        ("$2y$04$abcdefghijklmnopqrstu%2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW", .unreadable),
        ("$2y$16$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW", .tooCostly),
        ("$2x$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW", .unreadable),
        ("rqXexS6ZhobKA", .crypt), ("$6$salt$abc", .shaCrypt), ("$1$salt$abc", .unreadable),
    ])
    func `in another form is not taken`(_ text: String, _ problem: PasswordHash.Problem) {
        #expect(throws: problem) { try PasswordHash(text) }
    }
}
