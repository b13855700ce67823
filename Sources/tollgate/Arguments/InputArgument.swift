internal import ArgumentParser
internal import Bytes
internal import GatewayControl

/// Where a command's input comes from: the argument itself, a file, or the standard input.
enum InputArgument {
    private static let maxTokenBytes = 1 << 20
    static let maxDocumentBytes = 16 << 20

    /// A token: `-` reads the standard input, `@FILE` a file, anything else is the token. Blanks around it
    /// and a scheme in front of it (`Bearer`) are taken off, as they are no part of it.
    static func token(_ argument: String) throws -> [UInt8] {
        var bytes = Array(argument.utf8)
        if argument == "-" {
            bytes = try contents(TextFile.readStandardInput(maxBytes: maxTokenBytes), of: "the standard input")
        } else if argument.hasPrefix("@") {
            let path = String(argument.dropFirst())
            bytes = try contents(TextFile.readBytes(path, maxBytes: maxTokenBytes), of: path)
        }
        var token = bytes.withoutOuterBlanks
        let scheme = Array("bearer ".utf8)
        if token.count > scheme.count, token.prefix(scheme.count).map(\.asciiLowercased) == scheme {
            token = token.dropFirst(scheme.count).withoutOuterBlanks
        }
        guard !token.isEmpty else { throw Exit.usage("there is no token to read; it is empty.") }
        return token
    }

    /// The bytes of a file, or of the standard input where the path is `-`.
    static func document(_ path: String, maxBytes: Int = maxDocumentBytes) throws -> [UInt8] {
        if path == "-" {
            return try contents(TextFile.readStandardInput(maxBytes: maxBytes), of: "the standard input")
        }
        return try contents(TextFile.readBytes(path, maxBytes: maxBytes), of: path)
    }

    private static func contents(_ result: Result<[UInt8], TextFile.Failure>, of name: String) throws -> [UInt8] {
        switch result {
        case .success(let bytes): return bytes
        case .failure(let error): throw Exit.usage("cannot read \(name): \(error)")
        }
    }
}
