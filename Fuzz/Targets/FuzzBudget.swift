#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// What work on an input may spend of the thread's own time and of memory.
struct FuzzBudget {
    let nanosecondsPerKiB: UInt64
    let bytesPerByte: Int
    /// What the smallest input may cost: tables of a fixed size, results, errors.
    let freeBytes: Int

    /// A parser: 10 ms per KiB, ten times the input.
    static let parser = FuzzBudget(nanosecondsPerKiB: 10_000_000, bytesPerByte: 10, freeBytes: 64 << 10)

    /// Runs a parser on an input of so many bytes, and ends the process where it spends too much.
    static func charge<Result>(
        _ byteCount: Int, _ budget: FuzzBudget = .parser, _ parse: () -> Result
    ) -> Result {
        let allowedTime = budget.nanosecondsPerKiB * UInt64(byteCount / 1024 + 1)
        let allowedBytes = budget.bytesPerByte * byteCount + budget.freeBytes
        var (result, time, bytes) = measured(parse)
        // What a library does once, and the system's work for the process, are not the input's fault: what costs
        // too much by itself does so each time.
        for _ in 0..<4 where time > allowedTime || bytes > allowedBytes {
            let again = measured(parse)
            (result, time, bytes) = (again.result, min(time, again.time), min(bytes, again.bytes))
        }
        require(time <= allowedTime, "a hang: \(time) ns for \(byteCount) bytes")
        require(bytes <= allowedBytes, "\(bytes) bytes of memory for \(byteCount) bytes")
        return result
    }

    private static func measured<Result>(_ parse: () -> Result) -> (result: Result, time: UInt64, bytes: Int) {
        HeapMeter.start()
        let start = now
        let result = parse()
        let time = now - start
        return (result, time, HeapMeter.stop())
    }

    /// The processor's time, not the wall's: other programs run here, too.
    private static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

/// The memory in use between start and stop, at its highest. Counts only under the address sanitizer, whose
/// allocator tells; elsewhere nothing is found.
enum HeapMeter {
    // Safe: one measurement at a time (fuzzing has one thread, the tests that replay are serialized), and only the
    // thread that measures writes.
    nonisolated(unsafe) private static var current = 0
    nonisolated(unsafe) private static var peak = 0
    nonisolated(unsafe) private static var thread: pthread_t?

    private typealias MallocHook = @convention(c) (UnsafeRawPointer?, Int) -> Void
    private typealias FreeHook = @convention(c) (UnsafeRawPointer?) -> Void
    private typealias Install = @convention(c) (MallocHook, FreeHook) -> CInt
    private typealias SizeOf = @convention(c) (UnsafeRawPointer?) -> Int

    private static func symbol<Function>(_ name: String, as type: Function.Type) -> Function? {
        dlsym(nil, name).map { unsafeBitCast($0, to: type) }
    }

    private static let sizeOf = symbol("__sanitizer_get_allocated_size", as: SizeOf.self)

    private static let isThere: Bool = {
        guard sizeOf != nil, let install = symbol("__sanitizer_install_malloc_and_free_hooks", as: Install.self) else {
            return false
        }
        let allocated: MallocHook = { _, size in HeapMeter.count(size) }
        let freed: FreeHook = { pointer in
            if HeapMeter.isCounting, let pointer { HeapMeter.count(-(HeapMeter.sizeOf?(pointer) ?? 0)) }
        }
        return install(allocated, freed) != 0
    }()

    private static var isCounting: Bool { thread.map { pthread_equal($0, pthread_self()) != 0 } ?? false }

    private static func count(_ size: Int) {
        guard isCounting else { return }
        current += size
        peak = max(peak, current)
    }

    static func start() {
        guard isThere else { return }
        current = 0
        peak = 0
        thread = pthread_self()
    }

    /// Bytes beyond what was in use at the start.
    static func stop() -> Int {
        guard isThere else { return 0 }
        thread = nil
        return peak
    }
}
