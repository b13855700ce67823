/// Where the text of a secret is, written in the place of the text.
package enum SecretReference: Hashable, Sendable {
    /// `$env://NAME` or `$env://NAME/member`: a variable of the process, or a text in the JSON object that it holds.
    case variable(String, member: String?)
    /// `$secret://a/b`: names from the folder of secrets down.
    case file([String])

    /// Variables of other names are not for the Admin API to read.
    package static let variablePrefix = "TOLLGATE_SECRET_"

    /// Why a text that begins as a reference is none, as the end of a sentence.
    struct Problem: Error {
        var message: String
    }

    /// Nil where the text does not begin as one. The case of the beginning does not count.
    init?(_ text: String) throws(Problem) {
        if let rest = Self.rest(of: text, behind: "$env://") {
            self = try Self.variable(rest)
        } else if let rest = Self.rest(of: text, behind: "$secret://") {
            self = try Self.file(rest)
        } else {
            return nil
        }
    }

    /// Whether a text begins as one.
    package static func isWritten(_ text: String) -> Bool {
        rest(of: text, behind: "$env://") != nil || rest(of: text, behind: "$secret://") != nil
    }

    private static func rest(of text: String, behind prefix: String) -> Substring? {
        text.prefix(prefix.count).lowercased() == prefix ? text.dropFirst(prefix.count) : nil
    }

    private static func variable(_ rest: Substring) throws(Problem) -> SecretReference {
        let parts = rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        guard name.hasPrefix(variablePrefix), name.utf8.allSatisfy({ isWord($0) }) else {
            throw Problem(message: "names a variable whose name does not begin with \(variablePrefix)")
        }
        guard parts.count == 2 else { return .variable(name, member: nil) }
        guard !parts[1].isEmpty else { throw Problem(message: "names no member") }
        return .variable(name, member: String(parts[1]))
    }

    /// Names are plain, so that no path leads out of the folder.
    private static func file(_ rest: Substring) throws(Problem) -> SecretReference {
        let names = rest.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let arePlain = names.allSatisfy { name in
            !name.isEmpty && !name.hasPrefix(".")
                && name.utf8.allSatisfy { isWord($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
        }
        guard arePlain else {
            throw Problem(
                message: "is not a path of names of letters, digits, `-`, `_` and `.` below the folder of secrets")
        }
        return .file(names)
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26 || byte == UInt8(ascii: "_")
    }
}

/// The text that a reference leads to.
package typealias SecretResolver = @Sendable (SecretReference) -> Result<String, SecretFailure>

/// Why there is none, in words that tell nothing of it.
package struct SecretFailure: Error, Sendable {
    package var message: String

    package init(_ message: String) { self.message = message }
}
