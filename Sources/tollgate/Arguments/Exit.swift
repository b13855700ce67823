internal import ArgumentParser
internal import Bytes
internal import GatewayAdmin
internal import GatewayModel

/// How every command ends: 0 fine, 1 refused or invalid, 2 used wrongly.
enum Exit {
    /// What was asked about is refused or invalid.
    static let refused = ExitCode(1)
    /// The command line, or a file it names, is not what the command needs.
    static let misused = ExitCode(2)

    /// Says what was wrong with the call; answers the error to throw.
    static func usage(_ message: String, hint: String? = nil) -> ExitCode {
        StandardError.print(TerminalText.lines("error: \(message)"))
        if let hint { StandardError.print(TerminalText.lines("hint: \(hint)")) }
        return misused
    }

    /// What was read of files that the command line names; says all that is wrong with them.
    static func unlessMisused(_ files: AdminFiles) throws -> AdminFiles {
        StandardError.report(files.diagnostics)
        if files.diagnostics.hasErrors { throw misused }
        return files
    }
}
