internal import ArgumentParser
internal import Bytes
internal import CEL

struct CELConformanceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "conformance",
        abstract: "Run a file of CEL conformance cases.",
        discussion: """
            Prints each miss, a line per part of the file and, last, how many cases
            passed, failed and were skipped:

              tollgate cel conformance cel_conformance.json

            Cases marked `needs_proto` are skipped: protocol buffers are not offered.
            Exit code 0: none failed; 1: one did; 2: used wrongly.
            """
    )

    @Argument(help: ArgumentHelp("The case file.", valueName: "file"), completion: .file())
    var file: String

    func run() throws {
        let bytes = try InputArgument.document(file)
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(parsing: bytes, limits: CELConformance.limits)
        } catch {
            throw Exit.usage("\(file) is no JSON: \(error.reason.rawValue) at byte \(error.offset).")
        }
        guard document.root["tests"]?.isArray == true else {
            throw Exit.usage("\(file) is no file of cases: it has no list `tests`.")
        }
        let outcome = CELConformance.run(document) { print(TerminalText.lines($0)) }
        if outcome.total.failed > 0 { throw Exit.refused }
    }
}
