internal import Bytes
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Time zones by name: `UTC`, fixed offsets (`+05:30`, `02:00`), and those of the system's tz database.
enum TimeZones {
    /// Zones read so far; a name that is none is kept too, so that it is looked for once.
    /// Bounded: expressions may take names from requests.
    private static let cache = Mutex<[String: TimeZoneData?]>([:])
    private static let maxCachedZones = 1024
    private static let maxNameBytes = 64
    private static let directory = "/usr/share/zoneinfo/"

    /// Seconds east of UTC at a time, or nil where there is no such zone.
    static func offset(at seconds: Int64, in name: CELBuffer) -> Int64? {
        if let fixed = fixedOffset(name) { return fixed }
        guard isPlausible(name) else { return nil }
        let text = name.text
        if let known = cache.withLock({ $0[text] }) { return known?.offset(at: seconds) }
        let zone = readFile(directory + text).flatMap { TimeZoneData($0) }
        cache.withLock { zones in
            if zones.count >= maxCachedZones { zones.removeAll() }
            zones[text] = .some(zone)
        }
        return zone?.offset(at: seconds)
    }

    private static func fixedOffset(_ name: CELBuffer) -> Int64? {
        if name.count == 3, name.text == "UTC" { return 0 }
        var reader = FieldReader(name)
        let isNegative = reader.take("-")
        if !isNegative { _ = reader.take("+") }
        guard let offset = reader.hoursAndMinutes(), reader.isAtEnd else { return nil }
        return isNegative ? -offset : offset
    }

    /// Names of the tz database only: nothing that walks the file system.
    private static func isPlausible(_ name: CELBuffer) -> Bool {
        guard (1...maxNameBytes).contains(name.count), name[0].isASCIILetter else { return false }
        for index in 0..<name.count {
            let byte = name[index]
            guard byte.isASCIILetter || byte.isASCIIDigit || "/_+-".utf8.contains(byte) else { return false }
        }
        return true
    }

    private static func readFile(_ path: String) -> [UInt8]? {
        guard let file = unsafe fopen(path, "rb") else { return nil }
        defer { unsafe fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        let capacity = bytes.count
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe fread($0.baseAddress, 1, capacity, file) }
        guard count < capacity else { return nil }
        return Array(bytes[..<count])
    }
}
