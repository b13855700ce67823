import Benchmark
import GatewayEngine
import JOSE

/// Deciding by a rule, and all the engine does for a request: parse, decide, write.
func pipelineStages() {
    stage("authorize.rule") { benchmark in
        var worker = Worker(
            Sample.snapshot([.jwt(Sample.policy()), Sample.rule]), Sample.request(token: Sample.token()))
        defer { worker.end() }
        guard let authorizer = worker.snapshot.binds[0].listeners[0].unroutedPolicy.authorization else {
            preconditionFailure("the benchmark's rule is not there")
        }
        let head = worker.parse()
        _ = worker.decide(head)
        let bytes = worker.bytes
        let bind = worker.snapshot.binds[0]
        let setting = RequestSetting(head: head, connection: worker.connection, bind: bind, now: Tokens.now, uptime: 0)
        benchmark.measure {
            let answer = AuthorizationStage.run(
                authorizer, setting, bytes.span, body: nil, &worker.scratch, bind.listeners[0])
            guard case .passes = answer else { preconditionFailure("a benchmark's request is refused") }
        }
    }
    stage("pipeline.plain") { benchmark in
        var worker = Worker(Sample.snapshot(), Sample.request(token: Sample.token()))
        defer { worker.end() }
        benchmark.measure { worker.serve() }
    }
    stage("pipeline.seen") { benchmark in
        var worker = Worker(Sample.snapshot([.jwt(Sample.policy())]), Sample.request(token: Sample.token()))
        defer { worker.end() }
        benchmark.measure { worker.serve() }
    }
    stage("pipeline.seen-rule") { benchmark in
        var worker = Worker(
            Sample.snapshot([.jwt(Sample.policy()), Sample.rule]), Sample.request(token: Sample.token()))
        defer { worker.end() }
        benchmark.measure { worker.serve() }
    }
    stage("pipeline.seen-rule-headers") { benchmark in
        var worker = Worker(
            Sample.snapshot([.jwt(Sample.policyWithHeaders()), Sample.rule]), Sample.request(token: Sample.token()))
        defer { worker.end() }
        benchmark.measure { worker.serve() }
    }
    stage("pipeline.new-rs256") { benchmark in
        var worker = Worker(Sample.snapshot([.jwt(Sample.policy())]), Sample.request(token: Sample.token()))
        defer { worker.end() }
        benchmark.measure {
            worker.cache.removeAll()
            return worker.serve()
        }
    }
}
