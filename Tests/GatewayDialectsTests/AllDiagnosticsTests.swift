import GatewayControl
import GatewayModel
import Testing

/// One run says everything that is wrong, in the order of the document.
@Suite struct `The diagnostics of a configuration` {
    private func codes(_ text: String) -> [String] {
        ConfigurationFile.compile(text, path: "a.yaml", environment: [:]).diagnostics.filter { $0.severity == .error }
            .map { "\($0.provenance.line) \($0.code)" }
    }

    @Test func `tell what is wrong with routes whose gateway, port or hostname is wrong`() {
        #expect(
            codes(
                """
                gateways:
                  default: {port: 70000, authorization: {rules: ["request.pth == 'a'"]}}
                routes:
                - gateways: defualt
                  matches: [{path: {regex: "("}}]
                  policies: {authorization: {rules: ["request.pth == 'b'"]}}
                  backends: [{host: "localhost:1"}]
                - hostnames: ["*.*"]
                  matches: [{path: {regex: "["}}]
                  policies: {authorization: {rules: ["request.pth == 'c'"]}}
                  backends: [{host: "localhost:1"}]
                binds:
                - port: x
                  listeners:
                  - routes:
                    - policies: {authorization: {rules: ["request.pth == 'd'"]}}
                      backends: [{host: "localhost:1"}]
                """) == [
                    "2 out_of_range", "2 expression_invalid", "4 gateway_unknown", "5 regex_invalid",
                    "6 expression_invalid", "8 hostname_invalid", "9 regex_invalid", "10 expression_invalid",
                    "13 wrong_type", "16 expression_invalid",
                ])
    }

    @Test func `tell what is wrong with policies that name what is not there`() {
        #expect(
            codes(
                """
                gateways: {default: {port: 3000}}
                routes: [{name: a, backends: [{host: "localhost:1"}]}]
                policies:
                - name: {name: a, namespace: default}
                  target: {route: {name: b, namespace: default}}
                  policy: {authorization: {rules: ["request.pth == 'a'"]}}
                - name: {name: b, namespace: default}
                  target: {gateway: {gatewayName: other, gatewayNamespace: default}}
                  phase: gateway
                  policy: {authorization: {rules: ["request.pth == 'b'"]}}
                """) == ["5 target_unknown", "6 expression_invalid", "8 target_unknown", "10 expression_invalid"])
    }
}
