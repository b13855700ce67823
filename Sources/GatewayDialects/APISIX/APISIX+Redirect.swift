internal import Bytes
internal import GatewayModel

extension APISIXPlugin {
    static let redirect = APISIXPlugin(
        name: "redirect", priority: 900, isAuthentication: false,
        schema: .object(
            .init(
                [
                    ("ret_code", .integer(min: 200, max: 599, default: 302)), ("uri", .string(.init(min: 2))),
                    ("regex_uri", .array(of: .string(), minItems: 2, maxItems: 2)), ("http_to_https", .boolean()),
                    ("encode_uri", .boolean(default: false)), ("append_query_string", .boolean(default: false)),
                ], oneOf: ["uri", "regex_uri", "http_to_https"])),
        check: { value in
            value["http_to_https"]?.boolean == true && value["append_query_string"]?.boolean == true
                ? "only one of `http_to_https` and `append_query_string` can be configured." : nil
        })
}

extension APISIXDecoder {
    /// Nil for one that never redirects.
    static func redirect(_ value: JSONTree, _ variables: APISIXVariables, at place: Provenance) -> RequestRedirect? {
        let status = value["ret_code"]?.integer ?? 302
        if value["http_to_https"]?.boolean == true {
            let url = "'https://' + request.host + request.pathAndQuery"
            let scheme = "default(request.headers['x-forwarded-proto'], request.scheme)"
            return RequestRedirect(
                location: .computed(Expression("\(scheme) == 'http' ? \(url) : ''", at: place)), status: 301,
                statusOfOthers: 308)
        }
        let target =
            if let uri = value["uri"]?.string {
                APISIXTemplate(uri, namesHaveDots: false).expression(variables)
            } else if let texts = value.strings("regex_uri") {
                APISIXSubstitution(texts).expression(otherwise: "''")
            } else { nil as String? }
        guard var target else { return nil }
        if value["append_query_string"]?.boolean == true, let query = variables.expression("args") {
            target =
                "cel.bind(url, \(target), url == '' ? '' : "
                + "default(url + (url.contains('?') ? '&' : '?') + \(query), url))"
        }
        return RequestRedirect(location: .computed(Expression(target, at: place)), status: status)
    }
}
