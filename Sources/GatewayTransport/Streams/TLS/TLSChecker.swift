package import GatewayEngine
package import GatewayModel

/// Says before it is served whether TLS can be spoken as it is written.
package struct TLSChecker: TLSChecking {
    package init() {}

    package func problems(of settings: TLSSettings) -> [Diagnostic] {
        guard let roots = settings.clientRoots else {
            return problems(at: settings.provenance) { _ = try TLSTerminator([settings]) }
        }
        var own = settings
        own.clientRoots = nil
        return problems(of: own)
            + problems(at: settings.provenance) { _ = try TLSFile.certificates(roots, "the root file") }
    }

    package func problems(of trust: UpstreamTrust, at place: Provenance) -> [Diagnostic] {
        problems(at: place) { _ = try TLSInitiator(trust) }
    }

    private func problems(at place: Provenance, _ attempt: () throws -> Void) -> [Diagnostic] {
        do {
            try attempt()
            return []
        } catch let fault as TLSFault {
            return [Diagnostic(.error, "tls_invalid", fault.message, at: place, hint: fault.hint)]
        } catch {
            return [
                Diagnostic(
                    .error, "tls_invalid", "the certificate cannot be served with this key", at: place,
                    hint: "`key` has to be the private key of the first certificate in `cert`")
            ]
        }
    }
}
