import GatewayModel

extension ModelDump {
    mutating func add(_ policy: ConsumerAuthentication) {
        for step in policy.steps {
            block("step", step.provenance) { dump in
                dump.line("realm: \(step.realm), anonymous: \(step.anonymousConsumer ?? "refused")")
                for scheme in step.schemes {
                    dump.line("scheme: \(scheme.kind)")
                    for location in scheme.locations { dump.line("location: \(location)") }
                    dump.line("forwards proof: \(scheme.forwardsProof)")
                }
            }
        }
    }

    mutating func add(_ consumer: Consumer) {
        block("consumer \(consumer.name)", consumer.provenance) { dump in
            if let group = consumer.group { dump.line("group: \(group)") }
            if let id = consumer.customID { dump.line("customID: \(id)") }
            if let overlay = consumer.overlay { dump.line("brings along: \(overlay.name)") }
            for credential in consumer.credentials {
                dump.block("credential \(credential.id ?? "of its own")", credential.provenance) { dump in
                    dump.add(credential.proof)
                }
            }
        }
    }

    private mutating func add(_ proof: Credential.Proof) {
        switch proof {
        case .key(let key): line("key \(key)")
        case .signingSecret(let keyID, let secret): line("signs as \(keyID) with \(secret)")
        case .password(let user, let password): line("user \(user), password \(password)")
        case .token(let token):
            line("tokens of \(token.name), \(token.algorithm ?? "any algorithm"), skew \(token.clockSkewSeconds) s")
            switch token.key {
            case .secret(let bytes): line("secret \(bytes)")
            case .publicKey(let text): line("public key \(text)")
            case .remote(let keys): line("keys of \(keys.place)")
            }
            if !token.issuers.isEmpty { line("issuers: \(token.issuers)") }
            if !token.audiences.isEmpty { line("audiences: \(token.audiences)") }
        }
    }
}
