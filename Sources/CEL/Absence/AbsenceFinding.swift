/// What the analysis of absence knows of one expression.
struct AbsenceFinding {
    /// In the `ExpressionNumbering`.
    var number: Int
    /// Whether the value may be null for lack of one; who needs a value must not get it then.
    var mayBeNull = false
    /// What may be absent, each number once, and makes the expression an error then.
    private(set) var reads: [AbsentRead] = []

    // MARK: - What is there for sure

    /// Where the expression has a value, besides itself.
    var alsoWhereValue: Set<Int> = []
    var whereValue: Set<Int> { alsoWhereValue.union(CollectionOfOne(number)) }
    /// Where it is true, and where it is false.
    var whereTrue: Set<Int> = []
    var whereFalse: Set<Int> = []
    /// Where it is not null.
    var whereNotNull: Set<Int> = []
    /// Where, being an optional, it has a value.
    var wherePresent: Set<Int> = []

    /// What it is the `size()` of.
    var measured: Int?

    init(_ number: Int) {
        self.number = number
    }

    mutating func add(_ more: [AbsentRead]) {
        for read in more { add(read) }
    }

    mutating func add(_ read: AbsentRead) {
        guard !reads.contains(where: { $0.number == read.number }) else { return }
        reads.append(read)
    }
}

/// A read of what may be absent.
struct AbsentRead {
    /// A condition that is true only where something is there, and cannot fail where what was asked before holds; nil
    /// where it cannot be asked outside of the macro the read stands in.
    typealias Test = String?

    let number: Int
    let expression: Expression
    /// What is there where the read is.
    let implied: Set<Int>
    /// The test of this read.
    let test: Test
    /// The tests of all that is read on the way, and of this.
    let tests: [Test]

    /// - Parameter way: the reads of what `expression` is made of.
    init(_ finding: AbsenceFinding, _ expression: Expression, after way: [AbsentRead], test: Test) {
        number = finding.number
        self.expression = expression
        implied = finding.whereValue
        self.test = test
        tests = way.flatMap(\.tests) + [test]
    }
}

extension [AbsentRead] {
    /// Those that are not known to be there.
    func unless(_ known: Set<Int>) -> [AbsentRead] { known.isEmpty ? self : filter { !known.contains($0.number) } }
}
