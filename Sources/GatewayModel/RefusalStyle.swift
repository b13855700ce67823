/// How a refusal is written to the client. The status and the code are the same in all.
package enum RefusalStyle: String, Hashable, Sendable {
    /// `text/plain`, worded as agentgateway does.
    case agentgateway
    /// One line of JSON, worded as Apache APISIX does.
    case apisix
}
