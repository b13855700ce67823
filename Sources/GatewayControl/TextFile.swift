internal import Bytes

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Reading of whole files.
package enum TextFile {
    package enum Failure: Error, CustomStringConvertible {
        case system(String)
        case tooLarge(Int)
        case notUTF8

        package var description: String {
            switch self {
            case .system(let reason): reason
            case .tooLarge(let limit): "it is larger than \(limit) bytes"
            case .notUTF8: "it is not valid UTF-8"
            }
        }
    }

    package static func read(_ path: String, maxBytes: Int) -> Result<String, Failure> {
        readBytes(path, maxBytes: maxBytes).flatMap { bytes in
            String(validating: bytes, as: UTF8.self).map { .success($0) } ?? .failure(.notUTF8)
        }
    }

    package static func readBytes(_ path: String, maxBytes: Int) -> Result<[UInt8], Failure> {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return .failure(lastFailure()) }
        defer { close(descriptor) }
        return readBytes(descriptor, maxBytes: maxBytes)
    }

    /// Reads the standard input to its end.
    package static func readStandardInput(maxBytes: Int) -> Result<[UInt8], Failure> {
        readBytes(STDIN_FILENO, maxBytes: maxBytes)
    }

    private static func readBytes(_ descriptor: Int32, maxBytes: Int) -> Result<[UInt8], Failure> {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = chunk.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                return .failure(lastFailure())
            }
            if count == 0 { return .success(bytes) }
            bytes += chunk[..<count]
            guard bytes.count <= maxBytes else { return .failure(.tooLarge(maxBytes)) }
        }
    }

    private static func lastFailure() -> Failure {
        .system(systemMessage(errno))
    }
}
