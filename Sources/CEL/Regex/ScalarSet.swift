/// A set of Unicode scalar values, as sorted ranges that neither touch nor overlap.
struct ScalarSet: Equatable {
    private(set) var ranges: [ClosedRange<UInt32>] = []

    static let maximum: UInt32 = 0x10FFFF

    init(_ ranges: [ClosedRange<UInt32>]) {
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = self.ranges.last, range.lowerBound <= last.upperBound &+ 1 {
                self.ranges[self.ranges.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                self.ranges.append(range)
            }
        }
    }

    init(_ scalar: UInt32) { self.init([scalar...scalar]) }

    init(_ characters: String) { self.init(characters.unicodeScalars.map { $0.value...$0.value }) }

    static let all = ScalarSet([0...maximum])
    static let newline = ScalarSet("\n")
    static let digits = ScalarSet([0x30...0x39])
    static let word = ScalarSet([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
    static let space = ScalarSet("\t\n\u{0C}\r ")

    var inverted: ScalarSet {
        var result: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in ranges {
            if range.lowerBound > next { result.append(next...range.lowerBound - 1) }
            next = range.upperBound + 1
        }
        if next <= Self.maximum { result.append(next...Self.maximum) }
        return ScalarSet(result)
    }

    func union(_ other: ScalarSet) -> ScalarSet { ScalarSet(ranges + other.ranges) }

    /// With the scalars that differ only in case. Wide ranges beyond ASCII are taken as they are.
    var foldingCase: ScalarSet {
        var result = ranges
        for range in ranges {
            let low = range.lowerBound
            for value in low...max(low, min(range.upperBound, low &+ Self.maxFoldedScalars)) {
                result += Self.caseVariants(of: value)
            }
        }
        return ScalarSet(result)
    }

    private static let maxFoldedScalars: UInt32 = 512

    private static func caseVariants(of value: UInt32) -> [ClosedRange<UInt32>] {
        // Three letters have a third form: long s, Kelvin sign, Ångström sign.
        switch value {
        case 0x53, 0x73: return [0x53...0x53, 0x73...0x73, 0x17F...0x17F]
        case 0x4B, 0x6B: return [0x4B...0x4B, 0x6B...0x6B, 0x212A...0x212A]
        case 0xC5, 0xE5: return [0xC5...0xC5, 0xE5...0xE5, 0x212B...0x212B]
        default: break
        }
        guard let scalar = Unicode.Scalar(value) else { return [] }
        let forms = [scalar.properties.lowercaseMapping, scalar.properties.uppercaseMapping]
        return forms.compactMap { form in
            form.unicodeScalars.count == 1 ? form.unicodeScalars.first.map { $0.value...$0.value } : nil
        }
    }

    /// POSIX classes (`alpha` of `[:alpha:]`).
    static func named(_ name: String) -> ScalarSet? {
        switch name {
        case "alnum": ScalarSet([0x30...0x39, 0x41...0x5A, 0x61...0x7A])
        case "alpha": ScalarSet([0x41...0x5A, 0x61...0x7A])
        case "ascii": ScalarSet([0...0x7F])
        case "blank": ScalarSet("\t ")
        case "cntrl": ScalarSet([0...0x1F, 0x7F...0x7F])
        case "digit": digits
        case "graph": ScalarSet([0x21...0x7E])
        case "lower": ScalarSet([0x61...0x7A])
        case "print": ScalarSet([0x20...0x7E])
        case "punct": ScalarSet([0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E])
        case "space": ScalarSet("\t\n\u{0B}\u{0C}\r ")
        case "upper": ScalarSet([0x41...0x5A])
        case "word": word
        case "xdigit": ScalarSet([0x30...0x39, 0x41...0x46, 0x61...0x66])
        default: nil
        }
    }
}
