/// How a refusal is written to the client. The status and the code are the same in all.
package enum RefusalStyle: String, Hashable, CaseIterable, Sendable {
    /// `text/plain`, worded as agentgateway does.
    case agentgateway
    /// One line of JSON, worded as Apache APISIX does.
    case apisix
    /// `application/problem+json` (RFC 9457).
    case problem
    /// JSON as OpenAI's API writes errors, for the clients of such APIs.
    case openai
}

/// How refusals are written at one place.
package struct RefusalForm: Equatable, Sendable {
    package var style: RefusalStyle
    /// Nil: as the style has it.
    package var body: Body?

    /// A body of the user's own.
    package struct Body: Equatable, Sendable {
        /// With placeholders such as `{{code}}`.
        package var template: TextSource
        package var contentType: String
        package var contentTypePlace: Provenance

        package init(template: TextSource, contentType: String, contentTypePlace: Provenance) {
            self.template = template
            self.contentType = contentType
            self.contentTypePlace = contentTypePlace
        }
    }

    package init(style: RefusalStyle, body: Body?) {
        self.style = style
        self.body = body
    }
}
