#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// The wall's clock, in seconds since 1970.
func systemSeconds() -> Int { time(nil) }

/// The processor's time of all threads of this process, in nanoseconds: other programs do not count.
func processorTime() -> UInt64 {
    var now = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now)
    return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
}
