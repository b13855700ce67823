package import GatewayModel

/// How refusals are written at one place, compiled. Immutable: what few requests meet costs the others nothing.
package final class CompiledRefusalForm: Sendable {
    let style: RefusalStyle
    /// Nil: the body of the style.
    let template: RefusalTemplate?

    init(style: RefusalStyle, template: RefusalTemplate?) {
        self.style = style
        self.template = template
    }

    /// The form that a style has without a body of the user's own.
    package static func standard(_ style: RefusalStyle) -> CompiledRefusalForm {
        switch style {
        case .agentgateway: agentgateway
        case .apisix: apisix
        case .problem: problem
        case .openai: openai
        }
    }

    private static let agentgateway = CompiledRefusalForm(style: .agentgateway, template: nil)
    private static let apisix = CompiledRefusalForm(style: .apisix, template: nil)
    private static let problem = CompiledRefusalForm(style: .problem, template: nil)
    private static let openai = CompiledRefusalForm(style: .openai, template: nil)
}
