import Bytes
import Foundation
import JOSE
import Testing

@Suite struct `requests that are signed for hmac-auth` {
    private let plugged: PluggedGateway
    private let gateway: AdminGateway

    init() throws {
        plugged = try PluggedGateway()
        gateway = plugged.gateway
        let consumer =
            #"{"username":"john","plugins":{"hmac-auth":{"key_id":"john-key","secret_key":"john-secret-key"}}}"#
        #expect(try gateway.admin("PUT", "/consumers", consumer).status == 201)
    }

    /// The lines of a request that is signed now.
    private func lines(
        _ target: String = "/get", method: String = "GET", secret: String = "john-secret-key", more: String = ""
    ) -> String {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(secondsFromGMT: 0)
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        let date = format.string(from: Date())
        let text = Array("john-key\n\(method) \(target)\ndate: \(date)\n".utf8)
        let code = MessageAuthentication.sha256.code(of: text.span, secret: Array(secret.utf8).span)
        let signature = Data(code).base64EncodedString()
        return "Date: \(date)\r\nAuthorization: Signature keyId=\"john-key\",algorithm=\"hmac-sha256\","
            + "headers=\"@request-target date\",signature=\"\(signature)\"\r\n" + more
    }

    private func answer(_ lines: String, target: String = "/get") throws -> String {
        let answer = try plugged.send(target, lines)
        return "\(answer.status) \(String(decoding: answer.body, as: UTF8.self))"
    }

    @Test func `reach the upstream as their consumer's, without the signature where it is hidden`() throws {
        try plugged.plug(#""hmac-auth":{}"#)
        let head = try plugged.head("/get?a=%41", lines("/get?a=%41")).lowercased()
        #expect(head.contains("x-consumer-username: john\r\n") && head.contains("authorization: signature keyid"))
        try plugged.plug(#""hmac-auth":{"hide_credentials":true,"signed_headers":["date","@request-target"]}"#)
        #expect(!(try plugged.head("/get", lines()).lowercased().contains("authorization")))
    }

    @Test func `are signed as the target was sent, whatever a plugin makes of it`() throws {
        try plugged.plug(#""hmac-auth":{},"proxy-rewrite":{"uri":"/new"}"#)
        #expect(try plugged.head("/get", lines()).hasPrefix("GET /new "))
        #expect(try plugged.send("/get", lines("/new")).status == 401)
    }

    @Test func `are refused in APISIX's words`() throws {
        try plugged.plug(#""hmac-auth":{"realm":"mine"}"#)
        let plain = "401 {\"message\":\"client request can't be validated\"}\n"
        let detailed = "401 {\"message\":\"client request can't be validated: "
        #expect(try answer("") == detailed + "missing Authorization header\"}\n")
        #expect(
            try answer("Authorization: Basic x\r\n")
                == detailed + "Authorization header does not start with 'Signature'\"}\n")
        #expect(try answer(lines(secret: "another")) == plain)
        #expect(try answer(lines("/other")) == plain)
        #expect(try answer(lines().replacing("john-key", with: "who")) == plain)
        #expect(try answer(lines(more: "Date: Thu, 24 Sep 2020 06:39:52 GMT\r\n")) == plain)
        #expect(try plugged.send("/get").values("www-authenticate") == [#"hmac realm="mine""#])
        #expect(!gateway.log.contains("john-secret-key"))
    }

    @Test func `are one way of several, and of nobody where one may be`() throws {
        let many = #"{"auth_plugins":[{"basic-auth":{}},{"key-auth":{}},{"hmac-auth":{}}]}"#
        try plugged.plug(#""multi-auth":\#(many)"#)
        #expect(try plugged.head("/get", lines()).lowercased().contains("x-consumer-username: john\r\n"))
        #expect(try answer(lines(secret: "another")) == "401 {\"message\":\"Authorization Failed\"}\n")
        #expect(try gateway.admin("PUT", "/consumers", #"{"username":"anyone"}"#).status == 201)
        try plugged.plug(#""hmac-auth":{"anonymous_consumer":"anyone"}"#)
        #expect(try plugged.head("/get", lines()).lowercased().contains("x-consumer-username: john\r\n"))
        #expect(
            try plugged.head("/get", lines(secret: "another")).lowercased().contains("x-consumer-username: anyone\r\n"))
    }

    @Test func `are asked for by services and global rules, and signed with credentials of a consumer`() throws {
        #expect(try gateway.admin("PUT", "/services/1", #"{"plugins":{"hmac-auth":{}}}"#).status == 201)
        try plugged.plug("", more: #","service_id":"1""#)
        #expect(try plugged.send("/get").status == 401)
        #expect(try plugged.send("/get", lines()).status == 200)
        #expect(try gateway.admin("PUT", "/consumers", #"{"username":"john"}"#).status == 200)
        #expect(try plugged.send("/get", lines()).status == 401)
        let credential = #"{"plugins":{"hmac-auth":{"key_id":"john-key","secret_key":"john-secret-key"}}}"#
        #expect(try gateway.admin("PUT", "/consumers/john/credentials/c1", credential).status == 201)
        #expect(try plugged.head("/get", lines()).lowercased().contains("x-credential-identifier: c1\r\n"))
        try plugged.plug("")
        #expect(try plugged.send("/get").status == 200)
        #expect(try gateway.admin("PUT", "/global_rules/1", #"{"plugins":{"hmac-auth":{}}}"#).status == 201)
        #expect(try plugged.send("/get").status == 401)
        #expect(try plugged.send("/get", lines()).status == 200)
    }

    /// SHA-256 of `hello`, and of nothing at all.
    @Test(arguments: [
        ("hello", "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=", 200),
        ("hallo", "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=", 401),
        ("", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", 200),
        ("hello too", "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=", 413),
    ])
    func `carry the body of their digest`(_ body: String, _ digest: String, _ status: Int) throws {
        try plugged.plug(#""hmac-auth":{"validate_request_body":true,"max_req_body_size":8}"#)
        #expect(gateway.log.contains("hmac_digest_unsigned"))
        for chunked in [false, true] {
            let framing = chunked ? "Transfer-Encoding: chunked" : "Content-Length: \(body.utf8.count)"
            let last = body.isEmpty ? "0\r\n\r\n" : "\(String(body.utf8.count, radix: 16))\r\n\(body)\r\n0\r\n\r\n"
            let wire = try Wire(port: gateway.port)
            let head = lines("/post", method: "POST", more: "Digest: SHA-256=\(digest)\r\n\(framing)\r\n")
            try wire.send("POST /post HTTP/1.1\r\nHost: localhost\r\n\(head)\r\n\(chunked ? last : body)")
            #expect(try wire.readAnswer().status == status, "\(body), chunked: \(chunked)")
        }
    }

    @Test(arguments: [
        (#"{"allowed_algorithms":[]}"#, "expect array to have at least 1 items"),
        (#"{"allowed_algorithms":["hmac-md5"]}"#, "matches none of the enum values"),
        (#"{"clock_skew":0}"#, "expected 0 to be at least 1"),
        (#"{"signed_headers":[""]}"#, "string too short, expected at least 1, got 0"),
        (#"{"signed_headers":["a b"]}"#, "failed to match pattern"),
        (#"{"signed_headers":["digest\n"]}"#, "failed to match pattern"),
        (#"{"realm":"a\"b"}"#, "failed to match pattern"),
    ])
    func `are not asked for by what is none of the plugin's values`(_ value: String, _ message: String) throws {
        let answer = try plugged.write(#""hmac-auth":\#(value)"#)
        #expect(answer.status == 400)
        #expect(String(decoding: answer.body, as: UTF8.self).contains(message))
    }

    @Test func `keep their secret to themselves, and their key to one consumer`() throws {
        let consumer = #"{"username":"jane","plugins":{"hmac-auth":{"key_id":"KEY","secret_key":"another"}}}"#
        let twice = try gateway.admin("PUT", "/consumers", consumer.replacing("KEY", with: "john-key"))
        #expect(twice.status == 400)
        #expect(String(decoding: twice.body, as: UTF8.self).contains("duplicate key_id of plugin hmac-auth"))
        #expect(try gateway.admin("PUT", "/consumers", consumer.replacing("KEY", with: "jane-key")).status == 201)
        let half = #"{"username":"joe","plugins":{"hmac-auth":{"key_id":"joe-key"}}}"#
        let lacking = try gateway.admin("PUT", "/consumers", half)
        #expect(lacking.status == 400)
        #expect(String(decoding: lacking.body, as: UTF8.self).contains(#"property \"secret_key\" is required"#))
    }
}
