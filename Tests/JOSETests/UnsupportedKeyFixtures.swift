import Testing

/// Public keys made with OpenSSL 3.0 of kinds that are not offered, with the words they are called by.
extension PEMFixtures {
    struct Unsupported: Sendable, CustomTestStringConvertible {
        let name: String
        let pem: String
        let word: String
        var testDescription: String { name }
    }

    static let unsupported = [
        Unsupported(name: "secp256k1", pem: secp256k1, word: "secp256k1"),
        Unsupported(
            name: "secp224r1",
            pem: """
                -----BEGIN PUBLIC KEY-----
                ME4wEAYHKoZIzj0CAQYFK4EEACEDOgAEPpkHGZAIliiWh9P9/7hHxWJVnCQyiY5v
                sM7gU3PLWrxshhSljB0wNU3UpKtGBcW7JD2KIFxebA4=
                -----END PUBLIC KEY-----
                """,
            word: "P-224"),
        Unsupported(
            name: "brainpoolP256r1",
            pem: """
                -----BEGIN PUBLIC KEY-----
                MFowFAYHKoZIzj0CAQYJKyQDAwIIAQEHA0IABHRqbuFfc2sQ11pQ73MTHZysBWhZ
                wSx2PS/aRwdpOPPcIeYWllEeIarRQIyy9B5RfdLCfxcHd02cTH+ICWNHyF0=
                -----END PUBLIC KEY-----
                """,
            word: "brainpoolP256r1"),
        Unsupported(
            name: "Ed448",
            pem: """
                -----BEGIN PUBLIC KEY-----
                MEMwBQYDK2VxAzoAOZuqyxnxLXtcgQfS+y4NGJ+KSYjYDD9XEytdNLetXILzKCWF
                GA2CA/6q7n5bEa7L/9KF6wwc3PaA
                -----END PUBLIC KEY-----
                """,
            word: "Ed448"),
        Unsupported(
            name: "X25519",
            pem: """
                -----BEGIN PUBLIC KEY-----
                MCowBQYDK2VuAyEAaDry1/nSlgS9xKEdDHqFa0Yiy89AvKQXTTDmOTduAh8=
                -----END PUBLIC KEY-----
                """,
            word: "X25519"),
        Unsupported(
            name: "X448",
            pem: """
                -----BEGIN PUBLIC KEY-----
                MEIwBQYDK2VvAzkArvOJkKm0JxWXKLM5lFcUP01h87J3wJAzg2klgqW3OMG0Auqt
                ditP2RA3dGafgLlA3a6vGZqN88U=
                -----END PUBLIC KEY-----
                """,
            word: "X448"),
        Unsupported(
            name: "DSA",
            pem: """
                -----BEGIN PUBLIC KEY-----
                MIIBtjCCASsGByqGSM44BAEwggEeAoGBAJB1FpqV/6SHAJMMGdz6nNdXDZcjZpEd
                1271QVR9ey5zuqIl1fDGdvMtxQtsJjsHJnfXETxA8Dg94YAuV6z7PhTCKaI04af/
                SEzQ0vtjICyKUyHLey1WjoXIv23nYNNYIp6DNKEMT16zRDVcz2KSaYkxscWjNumh
                IsXcEYY31ryfAhUA5gWEN5JWIlIzrWSKY+Q1ZYMBhKkCgYA+VXYK2qN8U7t8dnJ9
                RbEObQQqFaNiC3ryOcpiKXWHbiNX0OKw+GHmmwmUBwHwJdigcCXuYOODh9+WqxLO
                m3ZBON5njAZcCbFww/7Fs/v6NWENYyTBBpOSuGWcmP8lEj2WIQ8vamPiQLDh9I/F
                8WgWTxi+IOFGW55KGvrNa6Ti+gOBhAACgYB4w97fRoh0hFuGyPvmnqrc1rDktKgf
                u6H9/4wnniCIJMm8rhjAZ/naFvavm94VkHJP9YnusSDH5vLFuw/cmXrD9g7k00AH
                edcHfcuJi51MxY0XS01+MhEWGevKAhVlTErOvVEB2WVL6vllRVv7QZA458zuuH7F
                6b6URpoKAvPKTQ==
                -----END PUBLIC KEY-----
                """,
            word: "DSA"),
        Unsupported(
            name: "P-256 in numbers",
            pem: """
                -----BEGIN PUBLIC KEY-----
                MIIBSzCCAQMGByqGSM49AgEwgfcCAQEwLAYHKoZIzj0BAQIhAP////8AAAABAAAA
                AAAAAAAAAAAA////////////////MFsEIP////8AAAABAAAAAAAAAAAAAAAA////
                ///////////8BCBaxjXYqjqT57PrvVV2mIa8ZR0GsMxTsPY7zjw+J9JgSwMVAMSd
                NgiG5wSTamZ44ROdJreBn36QBEEEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5
                RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9QIhAP////8AAAAA
                //////////+85vqtpxeehPO5ysL8YyVRAgEBA0IABF8i5Y2dKokghrmwky7MTPYZ
                uqjd8rN0FSnMYo9Gk2ye9AjkPt/4iRseUyhMKjGTP1WazDPHSaWc/oJaQWK2GkQ=
                -----END PUBLIC KEY-----
                """,
            word: "written out in numbers"),
    ]
}
