internal import Bytes
internal import GatewayModel

/// A small upstream that answers what it was asked: for the demo and for trying a configuration out.
package enum EchoServer {
    /// Listens on a loopback port. Every answer is a JSON object with the method, the path, the headers and
    /// the number of body bytes.
    package static func start(port: Int) async throws -> LocalServer {
        try await LocalServer.start(.network(host: "127.0.0.1", port: port)) { request in
            LocalResponse("200 OK", contentType: "application/json", describe(request))
        }
    }

    private static func describe(_ request: LocalRequest) -> String {
        var text = Array("{\n  \"method\": ".utf8)
        JSONString.write(request.method, to: &text)
        text += Array(",\n  \"path\": ".utf8)
        JSONString.write(request.target, to: &text)
        text += Array(",\n  \"headers\": {".utf8)
        for (index, header) in request.headers.enumerated() {
            text += Array((index == 0 ? "\n    " : ",\n    ").utf8)
            JSONString.write(header.name, to: &text)
            text += Array(": ".utf8)
            JSONString.write(header.value, to: &text)
        }
        text += Array("\n  },\n  \"bodyBytes\": \(request.bodyBytes)\n}\n".utf8)
        return String(decoding: text, as: UTF8.self)
    }
}
