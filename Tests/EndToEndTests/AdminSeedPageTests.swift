import Foundation
import Testing

/// The page "Configure JWT Authentication" of API7, pasted into a shell.
@Suite(.enabled(if: Curl.path != nil, "curl is not installed")) struct `the page of API7 on JWT` {
    /// The commands as they are printed. Only addresses are the test's own.
    private static let commands = #"""
        curl -k "https://localhost:7443/apisix/admin/services/jwt-auth-httpbin-service?gateway_group_id=${group_id}" -X PUT \
        -H "X-API-KEY: ${API_KEY}" \
        -H "Content-Type: application/json" \
        -d '{
        "name": "jwt-auth-httpbin-service",
        "upstream": {
        "type": "roundrobin",
        "scheme": "http",
        "nodes": [
        {
        "host": "httpbin.org",
        "port": 80,
        "weight": 100
        }
        ]
        }
        }'

        curl -k "https://localhost:7443/apisix/admin/routes/jwt-auth-route?gateway_group_id=${group_id}" -X PUT \
        -H "X-API-KEY: ${API_KEY}" \
        -H "Content-Type: application/json" \
        -d '{
        "name": "jwt-auth-route",
        "paths": ["/anything/jwt-auth"],
        "methods": ["GET"],
        "service_id": "jwt-auth-httpbin-service",
        "plugins": {
        "jwt-auth": {}
        }
        }'

        # 1. Create the consumer
        curl -k "https://localhost:7443/apisix/admin/consumers/jwt-auth-consumer?gateway_group_id=${group_id}" -X PUT \
        -H "X-API-KEY: ${API_KEY}" \
        -H "Content-Type: application/json" \
        -d '{
        "username": "jwt-auth-consumer"
        }'

        # 2. Create the jwt-auth credential
        curl -k "https://localhost:7443/apisix/admin/consumers/jwt-auth-consumer/credentials/jwt-auth-consumer-cred?gateway_group_id=${group_id}" -X PUT \
        -H "X-API-KEY: ${API_KEY}" \
        -H "Content-Type: application/json" \
        -d '{
        "name": "jwt-auth-consumer-cred",
        "plugins": {
        "jwt-auth": {
        "key": "user-1-identity",
        "secret": "my-shared-secret"
        }
        }
        }'

        echo; echo '=== without'
        curl -i "http://127.0.0.1:9080/anything/jwt-auth"

        header=$(printf '%s' '{"alg":"HS256","typ":"JWT"}' | openssl base64 -A | tr '+/' '-_' | tr -d '=')
        payload=$(printf '%s' '{"key":"user-1-identity","exp":1999999999}' | openssl base64 -A | tr '+/' '-_' | tr -d '=')
        signature=$(printf '%s' "$header.$payload" | openssl dgst -binary -sha256 -hmac 'my-shared-secret' | openssl base64 -A | tr '+/' '-_' | tr -d '=')
        jwt="$header.$payload.$signature"

        echo; echo '=== with'
        curl -i "http://127.0.0.1:9080/anything/jwt-auth" \
        -H "Authorization: Bearer $jwt"
        """#

    /// In the group that is always there, and in one that API7 would have made: its id is a UUID.
    @Test(arguments: ["default", "6b0d1f6e-2a57-4f0e-9d0c-5f6f3c1a7b42"])
    func `works as it is printed`(group: String) throws {
        let gateway = try AdminGateway(isPlain: false)
        let upstream = try EchoUpstream()
        let isStandard = group == "default"
        let port = isStandard ? gateway.port : Ports.next()
        let making = #"""
            curl -sk "https://localhost:\#(gateway.adminPort)/api/gateway_groups/${group_id}" -X PUT \
            -H "X-API-KEY: ${API_KEY}" -d '{"name": "other", "listeners": ["127.0.0.1:\#(port)"]}' > /dev/null

            """#
        let commands = ((isStandard ? "" : making) + Self.commands)
            .replacingOccurrences(of: "localhost:7443", with: "localhost:\(gateway.adminPort)")
            .replacingOccurrences(of: "127.0.0.1:9080", with: "127.0.0.1:\(port)")
            .replacingOccurrences(of: "\"httpbin.org\"", with: "\"127.0.0.1\"")
            .replacingOccurrences(of: "\"port\": 80,", with: "\"port\": \(upstream.port),")
        let shell = Process()
        shell.executableURL = URL(filePath: "/bin/bash")
        shell.arguments = ["-c", commands]
        shell.environment = [
            "group_id": group, "API_KEY": AdminGateway.key,
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin",
        ]
        let pipe = Pipe()
        shell.standardOutput = pipe
        shell.standardError = FileHandle.nullDevice
        try shell.run()
        let output = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        shell.waitUntilExit()
        let parts = output.components(separatedBy: "=== ")
        try #require(parts.count == 3, "\(output)")
        #expect(parts[0].split(separator: "\n").count == 4, "\(parts[0])")
        #expect(parts[0].contains("{\"value\":{\"name\":\"jwt-auth-httpbin-service\""))
        #expect(!parts[0].contains("error_msg"))
        #expect(parts[1].contains("HTTP/1.1 401 Unauthorized"))
        #expect(parts[2].contains("HTTP/1.1 200 OK"))
        let head = try #require(upstream.heads.last)
        #expect(head.contains("Authorization: Bearer eyJ"))
        #expect(head.contains("X-Consumer-Username: jwt-auth-consumer\r\n"))
        #expect(head.contains("X-Credential-Identifier: jwt-auth-consumer-cred\r\n"))
        // Nothing of it is in another group.
        if !isStandard { #expect(try gateway.get("/anything/jwt-auth").status == 404) }
    }
}
