internal import JOSE

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Verifies one token over and over by Tollgate and by jwt-kit, for every algorithm that both offer: bytes of a
/// token in, typed claims out, the key object reused.
///
/// Prints a table, and fails where Tollgate is slower, or spends more than 3 µs around the signature.
@main
enum Algorithms {
    private static let rounds = 21
    private static let nanosecondsPerTurn: UInt64 = 40_000_000
    private static let allowedAroundSignature = 3000.0

    static func main() async throws {
        print(
            "| algorithm | token bytes | Tollgate µs | of which around the signature | jwt-kit µs | Tollgate ÷ jwt-kit |"
        )
        print("|---|---|---|---|---|---|")
        var complaints: [String] = []
        for algorithm in SignatureAlgorithm.allCases where algorithm != .ed25519 {
            // jwt-kit knows Ed25519 by its older name only.
            let result = try await measure(try await Subject(algorithm))
            print(result.row)
            if result.ratio > 1 { complaints.append("\(algorithm) is slower than jwt-kit: \(format(result.ratio))") }
            if result.isBound, result.around > allowedAroundSignature {
                complaints.append(
                    "\(algorithm), around the signature: \(format(result.around / 1000)) µs, allowed are 3")
            }
        }
        print(
            "\nMedian of \(rounds) interleaved rounds of \(nanosecondsPerTurn / 1_000_000) ms of processor time each; ",
            "the ratio is the median of the rounds' ratios.", separator: "")
        for complaint in complaints { print("FAILED:", complaint) }
        if !complaints.isEmpty { exit(1) }
    }

    private struct Result {
        var subject: Subject
        var ours: Double
        var theirs: Double
        var ratio: Double
        var around: Double

        /// Whether what is around the signature is held against the bound. That is for tokens of a kibibyte, which
        /// those with signatures of several are not. And a signature's check that takes a third of a millisecond
        /// leaves cold caches: what is around the one of HS256 takes as much longer when one of ES512 is made before.
        var isBound: Bool { subject.token.count <= 1100 && ours < 200_000 }

        var row: String {
            "| \(subject.algorithm) | \(subject.token.count) | \(format(ours / 1000)) | \(format(around / 1000)) "
                + "| \(format(theirs / 1000)) | \(format(ratio)) |"
        }
    }

    private static func measure(_ subject: Subject) async throws -> Result {
        // Each side gets as many calls as fill its turn.
        let ours = try calls(taking: nanosecondsPerTurn, try time(200) { _ = try subject.verify() })
        let theirs = try calls(taking: nanosecondsPerTurn, try await timePeer(200, subject))
        var times: [(ours: Double, theirs: Double, around: Double)] = []
        for _ in 0..<rounds {
            times.append(
                (
                    try time(ours) { _ = try subject.verify() }, try await timePeer(theirs, subject),
                    try timeAroundSignature(ours, subject)
                ))
        }
        return Result(
            subject: subject, ours: median(times.map(\.ours)), theirs: median(times.map(\.theirs)),
            ratio: median(times.map { $0.ours / $0.theirs }), around: median(times.map(\.around)))
    }

    private static func calls(taking time: UInt64, _ nanosecondsPerCall: Double) throws -> Int {
        max(1, Int(Double(time) / nanosecondsPerCall))
    }

    /// Nanoseconds per call.
    private static func time(_ calls: Int, _ body: () throws -> Void) rethrows -> Double {
        let start = processorTime()
        for _ in 0..<calls { try body() }
        return Double(processorTime() - start) / Double(calls)
    }

    /// Nanoseconds per call of what is not the signature's check. The two are timed in turn, call by call: slow
    /// signatures spread by more than all that is around them, and a drift then meets both alike.
    private static func timeAroundSignature(_ calls: Int, _ subject: Subject) throws -> Double {
        var whole: UInt64 = 0
        var alone: UInt64 = 0
        var last = processorTime()
        for _ in 0..<calls {
            _ = try subject.verify()
            let verified = processorTime()
            guard subject.checkSignature() else { throw Claims.Refused() }
            let checked = processorTime()
            whole += verified - last
            alone += checked - verified
            last = checked
        }
        return (Double(whole) - Double(alone)) / Double(calls)
    }

    private static func timePeer(_ calls: Int, _ subject: Subject) async throws -> Double {
        let start = processorTime()
        for _ in 0..<calls { _ = try await subject.verifyByPeer() }
        return Double(processorTime() - start) / Double(calls)
    }

    private static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
}

/// Two decimals.
func format(_ number: Double) -> String {
    let hundredths = Int((number * 100).rounded())
    let rest = String(abs(hundredths) % 100)
    return "\(hundredths / 100).\(rest.count < 2 ? "0" : "")\(rest)"
}
