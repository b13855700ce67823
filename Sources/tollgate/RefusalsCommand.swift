internal import ArgumentParser
internal import GatewayModel

struct RefusalsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "refusals",
        abstract: "Print every refusal code with its status, its challenge and what to do.",
        discussion: "The table is Markdown; Docs/Refusals.md is made from it."
    )

    func run() {
        print(RefusalCode.markdown, terminator: "")
    }
}
