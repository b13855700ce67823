/// Keys whose private half is public knowledge, by RFC 7638 thumbprint.
enum SampleKeys {
    /// Where the key was published, or nil.
    static func origin(of key: VerificationKey) -> String? {
        origins[KeyMaterial.text(key.thumbprint)]
    }

    private static let origins: [String: String] = [
        // istio/istio security/tools/jwt/samples: the private key lies beside it. Printed in the
        // documentation of several gateways.
        "DHFbpoIUqrY8t2zpA2qXfCmr5VO5ZEr4RzHU_-envvQ": "Istio's demo key"
    ]
}
