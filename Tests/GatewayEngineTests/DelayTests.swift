import GatewayEngine
import GatewayModel
import Testing

@Suite struct `How long a request waits` {
    private func delay(_ policy: RequestDelay, _ lines: String = "") throws -> Int64 {
        var gateway = try TestGateway(GatewayConfiguration([.named("a")], [.policy(.delay(policy))]))
        #expect(gateway.get("/", lines).upstream == "a")
        return gateway.scratch.delayNanoseconds
    }

    @Test func `is what is written`() throws {
        #expect(try delay(.fixed(.milliseconds(1500))) == 1_500_000_000)
        #expect(try delay(.fixed(.zero)) == 0)
    }

    @Test(
        arguments: [
            ("500", 500_000_000), ("500u", 500_000_000), ("0.25", 250_000), ("duration('2s')", 2_000_000_000),
            ("-1", 0), ("duration('-2s')", 0), ("0.0 / 0.0", 0), ("1.0 / 0.0", 300_000_000_000),
            ("9223372036854775807", 300_000_000_000), ("duration('24h')", 300_000_000_000),
            ("int(request.headers['x-missing'])", 0), ("int(request.headers['x-wait'])", 70_000_000),
            ("random() < 2.0 ? 1 : 0", 1_000_000), ("dyn('2s')", 0),
        ] as [(String, Int64)])
    func `is what an expression says, if that is a time`(_ expression: String, _ nanoseconds: Int64) throws {
        #expect(try delay(.expression(Expression(expression, at: here)), "X-Wait: 70\r\n") == nanoseconds)
    }

    @Test func `is forgotten with its request`() throws {
        var gateway = try TestGateway(
            GatewayConfiguration(
                [.named("a", .exact("/a")), .named("b")],
                [.policy(.delay(.fixed(.seconds(1))), .route(RouteID("a")))]))
        _ = gateway.get("/a")
        #expect(gateway.scratch.delayNanoseconds == 1_000_000_000)
        _ = gateway.get("/b")
        #expect(gateway.scratch.delayNanoseconds == 0)
    }

    @Test(arguments: ["'2s'", "true", "[1]"])
    func `is no text, nor anything else that is no time`(_ expression: String) throws {
        let failure = #expect(throws: TestGateway.Invalid.self) {
            _ = try delay(.expression(Expression(expression, at: here)))
        }
        #expect(failure?.diagnostics.map(\.code) == ["expression_invalid"])
        #expect(failure?.diagnostics.first?.hint?.contains("`2s`") == true)
    }
}
