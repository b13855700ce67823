/// Supplies the values of the variables of an expression, one at a time and only those it reads.
///
/// Values may borrow memory (see `CELBuffer`) that stays valid and unchanged until the result of the
/// evaluation has been used.
package protocol CELActivation: ~Copyable {
    /// The value of the attribute declared with this id; `.null` where it has none.
    func resolve(_ attribute: Int) -> CELValue

    /// The entry at `key` of the map that is this attribute, or nil where it has none.
    ///
    /// Asked for `attribute.key` and `attribute["key"]` with a constant key, so that a map need not be made.
    func resolve(_ attribute: Int, key: CELBuffer) -> CELValue?
}

extension CELActivation where Self: ~Copyable {
    package func resolve(_ attribute: Int, key: CELBuffer) -> CELValue? {
        resolve(attribute).entry(named: key)
    }
}

/// Calls an activation whose type is not known statically, without boxing it.
extension CELActivation where Self: ~Copyable {
    fileprivate static func resolve(_ attribute: Int, of activation: UnsafeRawPointer) -> CELValue {
        unsafe activation.assumingMemoryBound(to: Self.self).pointee.resolve(attribute)
    }

    fileprivate static func resolve(
        _ attribute: Int, key: CELBuffer, of activation: UnsafeRawPointer
    ) -> CELValue? {
        unsafe activation.assumingMemoryBound(to: Self.self).pointee.resolve(attribute, key: key)
    }
}

/// The state of one evaluation.
@safe package struct CELFrame: ~Copyable {
    private let activation: UnsafeRawPointer
    private let activationType: any (CELActivation & ~Copyable).Type
    private let locals: UnsafeMutablePointer<CELValue>
    /// Steps left; every node, element and stretch of bytes costs.
    private(set) var budget: Int
    /// The error behind the last `CELTruth.failed`.
    var failure = CELEvaluationError(.notABoolean)

    /// Both pointers must stay valid, and the locals initialised, as long as the frame is used.
    init(
        activation: UnsafeRawPointer, type: any (CELActivation & ~Copyable).Type,
        locals: UnsafeMutablePointer<CELValue>, budget: Int
    ) {
        unsafe self.activation = unsafe activation
        self.activationType = type
        unsafe self.locals = unsafe locals
        self.budget = budget
    }

    @inline(__always)
    func resolve(_ attribute: Int) -> CELValue {
        unsafe activationType.resolve(attribute, of: activation)
    }

    @inline(__always)
    func resolve(_ attribute: Int, key: CELBuffer) -> CELValue? {
        unsafe activationType.resolve(attribute, key: key, of: activation)
    }

    /// A local variable; `slot` is one that the planner gave out.
    @inline(__always)
    subscript(slot: Int) -> CELValue {
        get { unsafe locals[slot] }
        set { unsafe locals[slot] = newValue }
    }

    /// Records `cost` steps of work.
    @inline(__always)
    package mutating func spend(_ cost: Int) { budget &-= cost }

    /// Records work that touches this many bytes; false where the budget is gone and the work must not be done.
    @inline(__always)
    package mutating func spend(bytes count: Int) -> Bool {
        budget &-= 1 &+ count &>> 4
        return budget > 0
    }

    /// CEL equality, paid from the budget; false where that is gone.
    @inline(__always)
    mutating func areEqual(_ a: CELValue, _ b: CELValue) -> Bool { a.isEqual(to: b, &budget) }

    @inline(__always)
    package var isExhausted: Bool { budget <= 0 }
}
