import GatewayModel

extension ModelDump {
    mutating func addTraffic(_ attachment: Attachment, _ title: String) {
        let place = attachment.provenance
        switch attachment.policy {
        case .directResponse(let response):
            block("\(title) directResponse", place) { $0.line("status \(response.status), body \(response.body)") }
        case .requestRedirect(let redirect):
            block("\(title) requestRedirect", place) {
                $0.line("status \(redirect.status), scheme \(redirect.scheme ?? "as received")")
                $0.add(redirect.url)
            }
        case .urlRewrite(let change):
            block("\(title) urlRewrite", place) { $0.add(change) }
        default: break
        }
    }

    private mutating func add(_ change: URLChange) {
        line("authority \(change.authority), path \(change.path)")
    }
}
