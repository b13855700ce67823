/// Keys that are public knowledge, private half included, by RFC 7638 thumbprint.
enum SampleKeys {
    /// Where the key was published, or nil.
    static func origin(of key: VerificationKey) -> String? {
        origins[KeyMaterial.text(key.thumbprint)]
    }

    private static let origins: [String: String] = [
        // istio/istio security/tools/jwt/samples: the private key lies beside it. Printed in the
        // documentation of several gateways.
        "DHFbpoIUqrY8t2zpA2qXfCmr5VO5ZEr4RzHU_-envvQ": "Istio's demo key",
        "XhO06x8JjWH1wwkWkyeEUxsooGEWoEdidEpwyd_hmuI": "agentgateway's example key",
        "y_x3gCJnL6oKGBBIXScabduwxTVy2Wd2bzRVEUbdUzc": "RFC 7515 A.1",
        "IsUn6_e04MaShXFIISMp4kG62LWzMIPy_MvSA5pJgX8": "RFC 7515 A.2",
        "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U": "RFC 7515 A.3",
        "u5YUSjQ2-2chBi51NSk3t3g7IM4o2KYcnPqPtCNGd3U": "RFC 7515 A.4",
        "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs": "RFC 7517 A.1",
        "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s": "RFC 7517 A.1",
        "9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI": "RFC 7520",
        "dHri3SADZkrush5HU_50AoRhcKFryN-PI6jPBtPL55M": "RFC 7520",
        "RtoRur_1Dir5M4wuOfqNkDYOf9O_4RJ-aHkTA75RLA8": "RFC 7520",
        "8izOqBCj1XBwWw0-iTcMv27pUKWwFvNmw-kutyfzf-g": "RFC 7520",
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k": "RFC 8037 A.2",
        "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I": "RFC 9449",
        "Suiu29qbfuaBaR4Ats-c6XQBePB_OpAxAwcTR_0KXVM": "RFC 9964",
        "tRn1JNIkgMsABVQBlXeDHxAIcclh-2IX0UdDEzPt5XU": "RFC 9964",
        // Secrets of tutorials and of jwt.io's debugger.
        "DWBh0SEIAPYh1x5uvot4z3AhaikHkxNJa3Ada2fT-Cg": "the word \"secret\"",
        "Ec8b3TuJ7FLDO1N5_rOSjnbeW4nxUrHvrVI5tjqaidk": "the word \"changeme\"",
        "i_utKExAKNc_-awqDRAUbahMgyDaKDG_M75KMBwlAvA": "jwt.io",
        "A8etQ2W1pb95iQdryf3JZcoanBR1EywzSsRVzrX8soc": "jwt.io",
        "JPgHNKVpXamS5yySHkpU5wDMnd5GJXLAnn7sAQM8j9o": "jwt.io",
        "LXkAyqcFEoI5pkMzfWjsAWbChzHfxtqD4Te31pAwA1s": "jwt.io",
        "Ms_j2vzAFNOrwb94le4wNiqMXglp4UyBvhTvbdY7a3g": "jwt.io",
        "3Sh8jwxtGAUg1j6_4BIuuT-0fsyXeym9VQpxNRGTJFs": "jwt.io",
        "NhdeSxyYgrqn3CYe4dYyc7pzZspJ-xRKv3NrnQvvlB4": "Apache APISIX's documentation",
        "MlOBL8U2xenKzDz9vsCpc4aKZYGaIMnnpKS-ZaWzHdE": "Apache APISIX's documentation",
    ]
}
