import GatewayModel
import Testing

@Suite struct `A URL for keys` {
    @Test(arguments: [
        ("https://issuer.test", "https://issuer.test/"), ("HTTPS://Issuer.Test:443/Keys", "https://issuer.test/Keys"),
        ("http://issuer.test:80/a?b=c", "http://issuer.test/a?b=c"), ("https://a:8443", "https://a:8443/"),
        ("https://a?b", "https://a/?b"), ("https://[2001:DB8::1]:1/", "https://[2001:db8::1]:1/"),
        ("https://192.0.2.1/%20", "https://192.0.2.1/%20"),
    ])
    func `is written in one form`(_ text: String, _ expected: String) throws {
        #expect(try HTTPURL(text).description == expected)
    }

    @Test(arguments: [
        "", "issuer.test", "ftp://a/", "//a/", "https:///", "https://", "https://a b/", "https://a/b c", "https://a/#",
        "https://u@a/", "https://u:p@a/", "https://a:/", "https://a:0/", "https://a:65536/", "https://a:x/",
        "https://[::1/", "https://[]/", "https://ä.test/", "https://a/ä", "https://a/\n", "https://a\r\n/",
        "https://a/<b>", "https://a\\b/",
    ])
    func `is refused where two readers may differ`(_ text: String) {
        #expect(throws: HTTPURL.Problem.self) { try HTTPURL(text) }
    }

    @Test(arguments: [
        ("https://other.test/x", "https://other.test/x"), ("//other.test/x", "https://other.test/x"),
        ("/x?y", "https://issuer.test:8443/x?y"), ("x", "https://issuer.test:8443/a/x"),
        ("?z", "https://issuer.test:8443/a/b?z"), ("/x#fragment", "https://issuer.test:8443/x"),
        ("http://issuer.test/", "http://issuer.test/"),
    ])
    func `leads on as a redirect says`(_ reference: String, _ expected: String) throws {
        #expect(try HTTPURL("https://issuer.test:8443/a/b?c=d").resolving(reference).description == expected)
    }

    @Test func `shows no query to those who may not see it`() throws {
        #expect(try HTTPURL("https://issuer.test/keys?token=secret").withoutQuery == "https://issuer.test/keys")
    }
}
