internal import GatewayControl

// What the demo tells its user.

extension DemoCommand {
    func announce(_ scenario: DemoScenario) {
        print(
            """
            Tollgate listens on http://127.0.0.1:\(port); an echo service behind it on port \(upstreamPort).
            It serves this configuration, in agentgateway's YAML:

            """)
        for line in scenario.configuration.split(separator: "\n", omittingEmptySubsequences: false) {
            print(line.isEmpty ? "" : "    \(line)")
        }
        print("Paste these into another terminal. First the tokens, good for an hour:\n")
        var known: Set<String> = []
        for attempt in scenario.attempts {
            guard let token = attempt.token, known.insert(token.variable).inserted else { continue }
            print("\(token.variable)=\(token.text)\n")
        }
        for (number, attempt) in scenario.attempts.enumerated() {
            let header = attempt.token.map { " -H \"Authorization: Bearer $\($0.variable)\"" } ?? ""
            print("# \(number + 1). \(attempt.title): \(attempt.expectation)")
            print("curl -i http://127.0.0.1:\(port)\(attempt.path)\(header)\n")
        }
        print(
            """
            Beside it the same process speaks the Admin API of API7 and Apache APISIX, on port \(adminPort); what is written
            there is served on port \(apiPort). Its key is made up anew for each demo, too:

            """)
        print(
            "API=http://127.0.0.1:\(adminPort)/apisix/admin KEY=\(scenario.adminKey) JACK=\(scenario.consumerToken)\n")
        let calls = scenario.calls(upstreamPort: upstreamPort)
        let first = scenario.attempts.count + 1
        for (number, call) in calls.enumerated() {
            print("# \(first + number). \(call.title): \(call.status)")
            print("curl -i -X PUT $API\(call.path) -H \"X-API-KEY: $KEY\" -d '\(call.body)'\n")
        }
        let next = first + calls.count
        print("# \(next). without a token: 401, in APISIX's words\ncurl -i http://127.0.0.1:\(apiPort)/hello\n")
        print(
            "# \(next + 1). with one: 200, and the service reads in x-consumer-username who asks\n"
                + "curl -i http://127.0.0.1:\(apiPort)/hello -H \"Authorization: Bearer $JACK\"\n")
        print("Ctrl-C ends the demo.")
        StandardOutput.flush()
    }
}
