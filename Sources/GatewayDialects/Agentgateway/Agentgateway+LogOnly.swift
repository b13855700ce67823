import GatewayModel

extension AgentgatewayShapes {
    static let logOnly = FieldShape.ours(
        "logOnly", .boolean,
        "Whether the policy refuses nobody, and only logs what it would have refused: the access log says "
            + "`would_refuse`. Who proved nothing is nobody all the same. Default: false; true with a warning.")
}

extension AgentgatewayDecoder {
    /// - Parameters:
    ///   - name: the policy's.
    ///   - isPart: of a combination, whose parts refuse nobody by themselves.
    func logsOnly(_ reader: MappingReader, _ name: String, isPart: Bool) -> Bool {
        guard let entry = reader.entry("logOnly") else { return false }
        if isPart {
            findings.error(
                "field_unused", "a part of `authentication` refuses nobody by itself", at: entry.keyProvenance,
                hint: "remove it")
            return false
        }
        guard reader.boolean("logOnly") == true else { return false }
        findings.warning(
            "log_only", "this `\(name)` refuses nobody: it only logs what it would have refused",
            at: entry.keyProvenance,
            hint: "read `would_refuse` in the access log or the metric tollgate_logged_refusals_total, then remove "
                + "`logOnly`")
        return true
    }
}
