import Testing

/// Public keys and certificates made with OpenSSL 3.0, with thumbprints computed by another library.
enum PEMFixtures {
    struct Fixture: Sendable, CustomTestStringConvertible {
        let name: String
        let pem: String
        let thumbprint: String
        var testDescription: String { name }
    }

    static let all = [
        Fixture(
            name: "RSA",
            pem: """
                -----BEGIN PUBLIC KEY-----
                MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAvgcwVQsXmR5WA/IwaP0d
                mFNfclCin/5edwMPBZPG/VO51txP8P5QtatCRtP6lGv6Awg5ihzwNqdoOaLQYtv1
                LI+FGhPZISaztpcllUgcFrY9eAo8x2/Uualzf7410guZwfUuc7ZZahearN87+jbm
                wirBHMVs8B2EM4OcSv9xc+DTio8G2sFa8Lv5Q4UBXbdfASSq53d2+FbsUD2BLeSY
                xHhCYQ36PY+XUgBG7sZG4DX/omefAyQenp9EJS2f9pdyZUjwwdEygN46D7zIDEX4
                W80BYBeMeorPdFzyh77eae9jxsWMcHCRx8DvKZ0HZqw7eq6YHd3W0jxi9gftMZqr
                DQIDAQAB
                -----END PUBLIC KEY-----
                """,
            thumbprint: "hXlYMmwXLd9l__KLTL30_Hl5VqjM0P1V6mB2Fd7-VIE"
        ),
        Fixture(
            name: "RSA in PKCS #1",
            pem: """
                -----BEGIN RSA PUBLIC KEY-----
                MIIBCgKCAQEAvgcwVQsXmR5WA/IwaP0dmFNfclCin/5edwMPBZPG/VO51txP8P5Q
                tatCRtP6lGv6Awg5ihzwNqdoOaLQYtv1LI+FGhPZISaztpcllUgcFrY9eAo8x2/U
                ualzf7410guZwfUuc7ZZahearN87+jbmwirBHMVs8B2EM4OcSv9xc+DTio8G2sFa
                8Lv5Q4UBXbdfASSq53d2+FbsUD2BLeSYxHhCYQ36PY+XUgBG7sZG4DX/omefAyQe
                np9EJS2f9pdyZUjwwdEygN46D7zIDEX4W80BYBeMeorPdFzyh77eae9jxsWMcHCR
                x8DvKZ0HZqw7eq6YHd3W0jxi9gftMZqrDQIDAQAB
                -----END RSA PUBLIC KEY-----
                """,
            thumbprint: "hXlYMmwXLd9l__KLTL30_Hl5VqjM0P1V6mB2Fd7-VIE"
        ),
        Fixture(
            name: "RSA-PSS",
            pem: """
                -----BEGIN PUBLIC KEY-----
                MIIBIDALBgkqhkiG9w0BAQoDggEPADCCAQoCggEBALs9xnAF+ypfFRIwAn4Rmdmk
                T99SDN6cJhxyKnnXU572E7V3eJck375V6HjuEETpYN/yDEBNzjrDd6+4+NC5Rma5
                8b/liBFJSDNigAynuXtB+D6M83EcY3mc/5NA6NSrCm14Y2TBG07CmCkVi7JTy8zy
                qKFBPs5G6TtEs5y5n1WmUXiAQHO5GVfalEuSOLnDXenhQYopPQ1A48uVvUJGVJhF
                okYzDiML4udo8/JOF8M0pZGmzXqOD560zlOGc3Aj9OBCkQ9kWuR+vo4QucjM09Xm
                IpPf13y/Njhc6iU7sO8wgr9TDE6PZIaRkI4duSI/jiFh7dppPn3I2KcS1ZHo8aUC
                AwEAAQ==
                -----END PUBLIC KEY-----
                """,
            thumbprint: "0gS96_0Os5wPeCf5m0-bjQ8a7tYrughOaBFGqnvPD1M"
        ),
        Fixture(
            name: "P-256",
            pem: """
                -----BEGIN PUBLIC KEY-----
                MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEw9pkYEJWtxIm7TZDfhMJe9VS+b5d
                0jmYdANu5M1+AsfFv3yeZlLU/Ls3p54C7Gg7sacrIiuWQJOQbvkcORdZUQ==
                -----END PUBLIC KEY-----
                """,
            thumbprint: "pRedU22J8Ggvqh0SzhCMEN6zoOXZ5vJR6edVXSlWwXM"
        ),
        Fixture(
            name: "P-384",
            pem: """
                -----BEGIN PUBLIC KEY-----
                MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEQ1x99GCwNLC0RemIFuREw815HVsfPnvN
                b6GcZgcoLwz2p1J2jyn3TNDWfE7I6FVQg8FDqdhd11dvNqsJ0rvYhPGKuf44fsSc
                y9uwgoVyHxMB6fMsEz3Fz1FLXFXvMzDF
                -----END PUBLIC KEY-----
                """,
            thumbprint: "pAH_b0JSu9mrxMW4iIngtu3NaETpUeTR44e-8BMH6QA"
        ),
        Fixture(
            name: "P-521",
            pem: """
                -----BEGIN PUBLIC KEY-----
                MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQAkatmYzMm+Q8OdjVXuelKd9e6TJPM
                Od/nQaeP/hnGN1NCRR6XyPtINEG5ZmLGykc9sjqBPIXe5Z/Wrl3B9aa3ZvAATsSb
                1TBjTPo2tFKxYX/jIAA5Kb6uLuY7PdHNnN8BU4Cc+YUI+5U/2lG+2LdeFduId20j
                +i3RL2x+3G3SgdvBljA=
                -----END PUBLIC KEY-----
                """,
            thumbprint: "QEh5oJ9FuP4HUPS29alUanzSAZiNHjgvSj2TC6Czyr0"
        ),
        Fixture(
            name: "Ed25519",
            pem: """
                -----BEGIN PUBLIC KEY-----
                MCowBQYDK2VwAyEA+KWKPD/jIhhcb6daVEo0s4fi9K8PvznlUrhiHJjuEBU=
                -----END PUBLIC KEY-----
                """,
            thumbprint: "Tb4QJCemAYpHvZqV3v17RHXbA1BGc0Ix4cNlich1CZ4"
        ),
        Fixture(
            name: "RSA certificate",
            pem: """
                -----BEGIN CERTIFICATE-----
                MIIDQDCCAiigAwIBAgIUTURPFCsFSJwQICM+kczpTVN/T/4wDQYJKoZIhvcNAQEL
                BQAwIzENMAsGA1UEAwwEdGVzdDESMBAGA1UECgwJw5xuw69jb2RlMB4XDTI2MTEy
                MTA2NDkyMVoXDTM2MTExODA2NDkyMVowIzENMAsGA1UEAwwEdGVzdDESMBAGA1UE
                CgwJw5xuw69jb2RlMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAvgcw
                VQsXmR5WA/IwaP0dmFNfclCin/5edwMPBZPG/VO51txP8P5QtatCRtP6lGv6Awg5
                ihzwNqdoOaLQYtv1LI+FGhPZISaztpcllUgcFrY9eAo8x2/Uualzf7410guZwfUu
                c7ZZahearN87+jbmwirBHMVs8B2EM4OcSv9xc+DTio8G2sFa8Lv5Q4UBXbdfASSq
                53d2+FbsUD2BLeSYxHhCYQ36PY+XUgBG7sZG4DX/omefAyQenp9EJS2f9pdyZUjw
                wdEygN46D7zIDEX4W80BYBeMeorPdFzyh77eae9jxsWMcHCRx8DvKZ0HZqw7eq6Y
                Hd3W0jxi9gftMZqrDQIDAQABo2wwajAdBgNVHQ4EFgQU8tG6dmh6+MbYvO7qzXpF
                pw5IXUswHwYDVR0jBBgwFoAU8tG6dmh6+MbYvO7qzXpFpw5IXUswDwYDVR0TAQH/
                BAUwAwEB/zAXBgNVHREEEDAOggxleGFtcGxlLnRlc3QwDQYJKoZIhvcNAQELBQAD
                ggEBAEbVpbL5EpVl6J+Q9XxPyHdUqGv+gcUVOv6vt6/bpiO9Lq1td/s2yvoz/1eW
                eiKIAbFTWcDeCAkSKkO7StTGOxP00Z314s3JzH3T74NTIHZSCFPjH2qfi2VpJ/wg
                6pABFXiKFKcVQcmpxCxRVep4xHMwA58WU7exTxMRvhhUWlKU3cS8HWIigMm/QYC8
                Cmk6UfahzAyVZYmkQTim1+1igccYXB0Y49AdRkXDcp+XmkxHroacugxZ6TEahn0f
                uLQN6BWubGP1tr5F8Jf4pRehmgNiOXBQitiBr5bhDWx4SFel7MJHMg4IRNhCefDA
                z5bS5e3+lk2Ucl2UzAnbc6kMFd0=
                -----END CERTIFICATE-----
                """,
            thumbprint: "hXlYMmwXLd9l__KLTL30_Hl5VqjM0P1V6mB2Fd7-VIE"
        ),
        Fixture(
            name: "P-256 certificate",
            pem: """
                -----BEGIN CERTIFICATE-----
                MIIBczCCARmgAwIBAgIUXwy6lk+KKEg7MoSLmTG3W+kU3zkwCgYIKoZIzj0EAwIw
                DzENMAsGA1UEAwwEdGVzdDAeFw0yNjExMjEwNjQ5MjFaFw0yNjExMjIwNjQ5MjFa
                MA8xDTALBgNVBAMMBHRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATD2mRg
                Qla3EibtNkN+Ewl71VL5vl3SOZh0A27kzX4Cx8W/fJ5mUtT8uzenngLsaDuxpysi
                K5ZAk5Bu+Rw5F1lRo1MwUTAdBgNVHQ4EFgQUaQ+RtNscBOmi/SjM99zV9p0bTQgw
                HwYDVR0jBBgwFoAUaQ+RtNscBOmi/SjM99zV9p0bTQgwDwYDVR0TAQH/BAUwAwEB
                /zAKBggqhkjOPQQDAgNIADBFAiBuJjveYQa14xDvshJb1y0uFzxPeIYzEw47BEDt
                +o7V9AIhALSIc5zDxV+be8BnCJpHFctzG5sZmgs3/3Evsuj/1rSS
                -----END CERTIFICATE-----
                """,
            thumbprint: "pRedU22J8Ggvqh0SzhCMEN6zoOXZ5vJR6edVXSlWwXM"
        ),
    ]

    static let secp256k1 = """
        -----BEGIN PUBLIC KEY-----
        MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEushnpGEzpxxNdXtKFjEtNZIau9dzPGaC
        3D99u+J9QchSeTj7ATv9Ai5TyfUTUSdbQSK4tgbEBHO+SPWdx8h//Q==
        -----END PUBLIC KEY-----
        """

    static let rsa1024 = """
        -----BEGIN PUBLIC KEY-----
        MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC6ao2og17MKDAsEyr+zMP267Sw
        6uXWuACQ7UTIfCSzQh4KuAOidCM/obCbvkXDM5ofgKwl6pQL1lNAFPxsFSirtQit
        CmSObEmeMuZ44jdppaPbA89x/GPieKlvl3UXZ+tY7XZd+uvhkeR9xHfTD1sXsk5+
        L1lwH7nMBp+xX2+AQwIDAQAB
        -----END PUBLIC KEY-----
        """
}
