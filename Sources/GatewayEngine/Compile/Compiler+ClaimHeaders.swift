internal import GatewayModel
internal import HTTPWire

extension Compiler {
    /// Warns of transformations that change what `claimsToHeaders` has written: backends take those headers for who a
    /// request is from.
    ///
    /// - Parameter scopes: of a route, from the least to the most specific.
    mutating func warnOfChangedClaims(in scopes: [Attachment.Scope]) {
        guard headers.identity != nil else { return }
        var claims: [Attachment.Phase: [ClaimHeader]] = [:]
        var changes: [Attachment.Phase: Transformation] = [:]
        for attachment in scopes.flatMap({ attachments[$0] ?? [] }).map({ configuration.attachments[$0] }) {
            if case .transformation(let change) = attachment.policy { changes[attachment.phase] = change }
            let tokens = attachment.policy.tokenAuthentications
            if !tokens.isEmpty { claims[attachment.phase] = tokens.flatMap(\.policy.issuers).flatMap(\.claimHeaders) }
        }
        for (phase, change) in changes {
            let written = (claims[.gateway] ?? []) + (phase == .route ? claims[.route] ?? [] : [])
            guard !written.isEmpty else { continue }
            for change in change.choices.compactMap(\.request) { warn(of: change, changing: written) }
        }
    }

    private mutating func warn(of change: Transformation.Change, changing claims: [ClaimHeader]) {
        let fields =
            change.add.map { ($0.name, $0.provenance, "adds a second value") }
            + change.set.map { ($0.name, $0.provenance, "writes another value") }
            + change.remove.map { ($0.name, $0.provenance, "removes it") }
        for (name, place, effect) in fields {
            let normalized = FieldNames.normalized(Array(name.utf8))
            guard let claim = claims.first(where: { FieldNames.normalized(Array($0.name.utf8)) == normalized }) else {
                continue
            }
            warn(
                "`\(name)` is written by the `claimsToHeaders` at line \(claim.provenance.line), and this \(effect)",
                place)
        }
        if let replacement = change.replace, let claim = claims.first {
            let names = Set(claims.map(\.name)).sorted().map { "`\($0)`" }.joined(separator: ", ")
            warn(
                "this may drop or write what the `claimsToHeaders` at line \(claim.provenance.line) has written: \(names)",
                replacement.provenance)
        }
    }

    private mutating func warn(_ message: String, _ place: Provenance) {
        report(
            Diagnostic(
                .warning, "claim_header_changed", message, at: place,
                hint: "a backend that takes the header for who the request is from takes this for it: use another name")
        )
    }
}
