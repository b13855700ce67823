internal import Bytes
internal import HTTPWire
internal import NIOHPACK

extension HPACKHeaders {
    init(lines table: borrowing FieldTable, _ bytes: Span<UInt8>, isTrailer: Bool) {
        self.init()
        add(lines: table, bytes, isTrailer: isTrailer)
    }

    /// Adds the lines of a message of HTTP/1.1, but those that only it has (RFC 9113 §8.2.2).
    mutating func add(lines table: borrowing FieldTable, _ bytes: Span<UInt8>, isTrailer: Bool) {
        for line in table.lines {
            switch line.known {
            case .connection, .keepAlive, .proxyConnection, .transferEncoding, .upgrade, .te, .host: continue
            case .other, .tollgateRefusal, .date: break
            case _ where isTrailer: continue
            default: break
            }
            add(
                name: .lowercased(bytes.extracting(line.name)), value: .init(copying: bytes.extracting(line.value)),
                // RFC 7541 §7.1.3: secrets are in no table that another request could be compared with.
                indexing: line.known == .authorization || line.known == .cookie ? .neverIndexed : .indexable)
        }
    }
}

extension String {
    init(copying bytes: Span<UInt8>) {
        self = bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }

    fileprivate static func lowercased(_ bytes: Span<UInt8>) -> String {
        String(unsafeUninitializedCapacity: bytes.count) { buffer in
            for index in 0..<bytes.count { buffer[index] = bytes[index].asciiLowercased }
            return bytes.count
        }
    }

    /// Its bytes.
    func withBytes<Result>(_ body: (Span<UInt8>) throws(WireError) -> Result) throws(WireError) -> Result {
        var copy = self
        let result = copy.withUTF8 { buffer in
            Swift.Result { () throws(WireError) -> Result in try body(buffer.span) }
        }
        return try result.get()
    }
}

extension HTTP2ResponseHead {
    mutating func read(_ headers: HPACKHeaders, toHead: Bool, isWhole: Bool) throws(WireError) {
        begin()
        for (name, value, _) in headers {
            try name.withBytes { (name) throws(WireError) in
                try value.withBytes { (value) throws(WireError) in try add(name, value) }
            }
        }
        try finish(toHead: toHead, isWhole: isWhole)
    }
}

extension HTTP2Trailers {
    mutating func add(_ name: String, _ value: String) throws(WireError) {
        try name.withBytes { (name) throws(WireError) in
            try value.withBytes { (value) throws(WireError) in try add(name, value) }
        }
    }
}

extension HTTP2RequestHead {
    mutating func read(_ headers: HPACKHeaders, hasBody: Bool) throws(WireError) {
        begin()
        for (name, value, _) in headers {
            try name.withBytes { (name) throws(WireError) in
                try value.withBytes { (value) throws(WireError) in try add(name, value) }
            }
        }
        try finish(hasBody: hasBody)
    }
}
