#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// What the system says of a number of `errno`.
package func systemMessage(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }
