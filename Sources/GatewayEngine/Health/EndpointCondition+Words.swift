internal import GatewayModel

extension EndpointCondition {
    /// What has come of a server, in a sentence for the log.
    ///
    /// - Parameter witnesses: what has shown it.
    package func words(_ change: Change, by witnesses: String) -> String {
        let server = "\(address) of \(checks?.name ?? "an upstream")"
        switch change {
        case .restored: return "\(server) is in service again: \(witnesses) were answered"
        case .removed(let kind, let count):
            let reason =
                switch kind {
                case .status where checks?.answers?.addsUpFailures ?? false:
                    "\(count) \(witnesses) failed, or were answered as a server that is well does not"
                case .success, .status: "\(count) answers to \(witnesses) had a status that speaks against it"
                case .connection: "\(count) \(witnesses) found no connection, or no answer on it"
                case .timeout: "\(count) \(witnesses) were not answered in time"
                }
            let time = checks?.outage.map { " for \($0)" } ?? ""
            return "\(server) is out of service\(time): \(reason)"
        }
    }
}
