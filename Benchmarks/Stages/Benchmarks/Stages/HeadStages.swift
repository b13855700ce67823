import Benchmark
import GatewayEngine

/// Reading a head and writing it again.
func headStages() {
    stage("parse.without-token") { benchmark in
        var worker = Worker(Sample.snapshot(), Sample.request())
        defer { worker.end() }
        benchmark.measure { worker.parse() }
    }
    stage("parse.with-token") { benchmark in
        var worker = Worker(Sample.snapshot(), Sample.request(token: Sample.token()))
        defer { worker.end() }
        benchmark.measure { worker.parse() }
    }
    stage("rewrite.token-removed") { benchmark in
        var worker = Worker(Sample.snapshot([.jwt(Sample.policy())]), Sample.request(token: Sample.token()))
        defer { worker.end() }
        let head = worker.parse()
        _ = worker.decide(head)
        benchmark.measure { worker.write(head) }
    }
}
