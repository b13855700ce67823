import Benchmark
import CAllocations

/// Every stage of a request. A name is `stage.case`; figures are for one request.
let benchmarks: @Sendable () -> Void = {
    headStages()
    routeStages()
    tokenStages()
    pipelineStages()
}

/// Heap allocations of one request, those of Swift's runtime included.
let allocations = BenchmarkMetric.custom("Allocations", polarity: .prefersSmaller, useScalingFactor: true)

/// What is done before the counting, so that buffers that are reused have grown and tables are in the cache.
private let warmUp = 50

/// Registers a benchmark. `body` prepares what it needs and then calls `measure` once.
func stage(_ name: String, scale: BenchmarkScalingFactor = .kilo, _ body: @escaping (Benchmark) -> Void) {
    Benchmark(
        name,
        configuration: Benchmark.Configuration(
            metrics: [.wallClock, allocations], timeUnits: .nanoseconds, warmupIterations: 1, scalingFactor: scale,
            maxDuration: .milliseconds(400), maxIterations: 2_000),
        closure: body)
}

extension Benchmark {
    /// Measures one request again and again. What `once` answers is not optimised away.
    @inline(__always)
    func measure<Result>(warmUp: Int = warmUp, _ once: () -> Result) {
        for _ in 0..<warmUp { keep(once()) }
        startMeasurement()
        let before = allocations_of_this_thread()
        for _ in scaledIterations { keep(once()) }
        let after = allocations_of_this_thread()
        stopMeasurement()
        measurement(allocations, Int(after - before))
    }
}

/// `Benchmark.blackHole`, whose name an extension of that class can't use for the function beside it.
@inline(__always)
private func keep<Value>(_ value: Value) { blackHole(value) }
