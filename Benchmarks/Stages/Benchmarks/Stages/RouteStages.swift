import Benchmark
import Bytes
import GatewayEngine
import GatewayModel
import HTTPWire

/// Choosing among routes by the longest path prefix, and compiling them.
func routeStages() {
    for count in [10, 1_000, 100_000] {
        stage("match.\(count)-routes") { benchmark in
            let snapshot = RouteSample.snapshot(count)
            let listener = snapshot.binds[0].listeners[0]
            var requests = RouteSample.requests(of: count)
            var next = 0
            benchmark.measure(warmUp: requests.count) {
                next = (next + 1) % requests.count
                let bytes = requests[next].bytes
                return Pipeline.route(of: listener, requests[next].head, bytes.span, &requests[next].scratch)
            }
        }
    }
    stage("compile.100000-routes", scale: .one) { benchmark in
        let configuration = RouteSample.configuration(100_000)
        benchmark.measure(warmUp: 0) { Compiler.compile(configuration, keys: KeyMaterial()).snapshot }
    }
}

private enum RouteSample {
    /// A request that has been read as far as its target.
    struct Read {
        let bytes: [UInt8]
        let head: RequestHead
        var scratch: RequestScratch
    }

    /// Compiled once: every iteration of a benchmark asks for it anew.
    private static let few = compiled(10)
    private static let thousand = compiled(1_000)
    private static let many = compiled(100_000)

    static func snapshot(_ count: Int) -> Snapshot {
        switch count {
        case 10: few
        case 1_000: thousand
        default: many
        }
    }

    static func configuration(_ count: Int) -> GatewayConfiguration {
        let routes = (0..<count).map { Route.named("r\($0)", .segmentPrefix(Sample.prefix($0))) }
        return GatewayConfiguration(routes)
    }

    private static func compiled(_ count: Int) -> Snapshot {
        guard let snapshot = Compiler.compile(configuration(count), keys: KeyMaterial()).snapshot else {
            preconditionFailure("the routes of a benchmark do not compile")
        }
        return snapshot
    }

    /// For routes spread over the whole table.
    static func requests(of count: Int) -> [Read] {
        (0..<1_024).map { number in
            let bytes = Sample.request(path: Sample.prefix(number * 7_919 % count) + "/7")
            var scratch = RequestScratch()
            guard let head = try? RequestHeadParser.parse(bytes.span, limits: .standard, into: &scratch.table),
                (try? scratch.target.read(head, bytes.span)) != nil
            else { preconditionFailure("a benchmark's request is malformed") }
            return Read(bytes: bytes, head: head, scratch: scratch)
        }
    }
}
