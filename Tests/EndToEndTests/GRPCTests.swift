import Foundation
import Testing

/// grpcio, which nobody here wrote: `make setup` installs it beside the build.
enum GRPC {
    /// Its Python, or nil, with a loud word, where it is not installed.
    static let python: String? = {
        var root = URL(filePath: #filePath)
        for _ in 0..<3 { root.deleteLastPathComponent() }
        let path = root.appending(path: ".build-grpc/bin/python").path
        if FileManager.default.isExecutableFile(atPath: path) { return path }
        print("SKIPPED: no grpcio at \(path), so the gateway was not tried with a real gRPC. Run `make setup`.")
        return nil
    }()

    /// A service. Argument, if any: the name of the certificate it serves.
    static let server = """
        import concurrent.futures, grpc, sys, threading
        def unary(request, context):
            metadata = dict(context.invocation_metadata())
            context.set_trailing_metadata((("sum", str(len(request))),))
            if request == b"fail": context.abort(grpc.StatusCode.FAILED_PRECONDITION, "not so")
            return request + b", " + metadata.get("x-user", "").encode() + metadata.get("authorization", "").encode()
        def chat(requests, context):
            for request in requests: yield b"re: " + request
        def late(request, context):
            threading.Event().wait(float(request))
            yield b"late"
        def count(requests, context):
            return str(sum(len(request) for request in requests)).encode()
        handler = grpc.method_handlers_generic_handler("test.Echo", {
            "Unary": grpc.unary_unary_rpc_method_handler(unary), "Chat": grpc.stream_stream_rpc_method_handler(chat),
            "Late": grpc.unary_stream_rpc_method_handler(late), "Count": grpc.stream_unary_rpc_method_handler(count)})
        server = grpc.server(concurrent.futures.ThreadPoolExecutor(8), handlers=(handler,))
        if len(sys.argv) > 1:
            key, chain = (open(sys.argv[1] + end, "rb").read() for end in (".key", ".pem"))
            port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([(key, chain)]))
        else:
            port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        print(port, flush=True)
        server.wait_for_termination()
        """

    /// What stands before what a test does: `channel` leads to the gateway, `metadata` has a token, `outcome` is what a
    /// call yields or what it fails with. Arguments: port, token, and the file of an authority for TLS.
    private static let prelude = """
        import faulthandler, grpc, queue, sys
        faulthandler.dump_traceback_later(30, exit=True)
        port, token, authority = sys.argv[1:]
        if authority:
            credentials = grpc.ssl_channel_credentials(open(authority, "rb").read())
            channel = grpc.secure_channel("localhost:" + port, credentials)
        else:
            channel = grpc.insecure_channel("127.0.0.1:" + port)
        metadata = (("authorization", "Bearer " + token),)
        unary = channel.unary_unary("/test.Echo/Unary")
        def outcome(call, *arguments, **more):
            try: return call(*arguments, **more)
            except grpc.RpcError as error: return error.code().name + ": " + error.details()

        """

    /// - Returns: what the client prints.
    static func client(_ script: String, port: Int, authority: String = "") throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: try #require(python))
        process.arguments = ["-c", prelude + script, "\(port)", try Tokens.token(), authority]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: text, as: UTF8.self).trimmingCharacters(in: .newlines)
    }
}

@Suite(.enabled(if: GRPC.python != nil, "grpcio is not installed: run `make setup`"))
struct `A service of gRPC` {
    private let folder = FileManager.default.temporaryDirectory
    private let service: HelperProcess
    private let gateway: RunningGateway

    init() throws {
        service = try HelperProcess(try #require(GRPC.python), ["-c", GRPC.server], in: folder)
        gateway = try RunningGateway(
            .init(
                config: "timeouts: {body: 1s, request: 1s}", jwtAuth: "claimsToHeaders: [{claim: sub, header: X-User}]"),
            upstreamPort: service.port)
    }

    private func client(_ script: String) throws -> String { try GRPC.client(script, port: gateway.port) }

    @Test func `is called with a token, and knows who calls`() throws {
        let text = try client(
            """
            answer, call = unary.with_call(b"hello", metadata=metadata)
            print(answer.decode(), call.code().name, dict(call.trailing_metadata()))
            print(outcome(unary, b"fail", metadata=metadata))
            print(outcome(channel.unary_unary("/test.Echo/None"), b"", metadata=metadata))
            """)
        #expect(
            text == """
                hello, alice OK {'sum': '5'}
                FAILED_PRECONDITION: not so
                UNIMPLEMENTED: Method not found!
                """)
    }

    @Test func `is not called without one`() throws {
        let text = try client(
            """
            print(outcome(unary, b"hello"))
            print(outcome(unary, b"hello", metadata=(("authorization", "Bearer " + token[:-4] + "AAAA"),)))
            print(outcome(lambda: list(channel.stream_stream("/test.Echo/Chat")(iter([b"x"] * 100)))))
            """)
        #expect(text.split(separator: "\n").count == 3)
        #expect(text.split(separator: "\n").allSatisfy { $0.hasPrefix("UNAUTHENTICATED: ") }, "\(text)")
    }

    @Test func `speaks and is spoken to in turns on one stream`() throws {
        let text = try client(
            """
            words = queue.Queue()
            answers = channel.stream_stream("/test.Echo/Chat")(iter(words.get, None), metadata=metadata)
            for word in (b"one", b"two", b"three"):
                words.put(word)
                print(next(answers).decode())
            words.put(None)
            print(list(answers), answers.code().name)
            """)
        #expect(text == "re: one\nre: two\nre: three\n[] OK")
    }

    @Test func `may take longer than requests may, but not than the caller waits`() throws {
        let text = try client(
            """
            late = channel.unary_stream("/test.Echo/Late")
            print(outcome(lambda: list(late(b"3.5", metadata=metadata))))
            print(outcome(lambda: list(late(b"30", metadata=metadata, timeout=0.5))))
            """)
        #expect(text == "[b'late']\nDEADLINE_EXCEEDED: Deadline Exceeded")
    }

    @Test func `gets and sends more than all windows hold, many at a time`() throws {
        let text = try client(
            """
            count = channel.stream_unary("/test.Echo/Count")
            calls = [count.future(iter([b"x" * 60000] * 100), metadata=metadata) for _ in range(20)]
            print({call.result() for call in calls})
            print(len(unary(b"y" * 3000000, metadata=metadata)))
            """)
        #expect(text == "{b'6000000'}\n3000007")
    }

    @Test(.enabled(if: CertificateAuthority.isAvailable, "TLS is tested with openssl: install it"))
    func `is reached by TLS from end to end`() throws {
        let authority = try CertificateAuthority()
        let (certificate, key) = try authority.sign("localhost")
        try authority.sign("service")
        let service = try HelperProcess(
            try #require(GRPC.python), ["-c", GRPC.server, "service"], in: authority.folder)
        let gateway = try RunningGateway(
            .init(
                routes: """
                    - matches: [{path: {pathPrefix: /test.Echo}}]
                      backends:
                      - host: 127.0.0.1:\(service.port)
                        policies: {backendTLS: {root: "\(authority.certificate)", hostname: service}}
                    """,
                listener: "hostname: localhost\ntls: {cert: \"\(certificate)\", key: \"\(key)\"}"),
            upstreamPort: service.port)
        let text = try GRPC.client(
            "print(outcome(unary, b'hello'))", port: gateway.port, authority: authority.certificate)
        #expect(text == "b'hello, '")
    }
}
