internal import Bytes
internal import CEL
internal import GatewayModel
internal import HTTPWire

/// The stage that finds out which requests go to the same server.
struct BalanceKeyStage: Sendable {
    private let program: CELProgram

    init(_ program: CELProgram) {
        self.program = program
    }

    func run(
        _ setting: RequestSetting, _ bytes: Span<UInt8>, _ scratch: inout RequestScratch, _ listener: ListenerSnapshot
    ) {
        let key = program.text(setting, bytes, &scratch, listener) ?? []
        scratch.balanceKey = (key.isEmpty ? setting.connection.sourceAddress : key).span.stableHash
    }
}

extension Compiler {
    /// Nil where the expression is none, which has been reported.
    mutating func balanceKeyStage(_ expression: Expression) -> BalanceKeyStage? {
        program(expression, of: nil, "", at: .forwarding).map(BalanceKeyStage.init)
    }
}
