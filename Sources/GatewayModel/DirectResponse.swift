/// An answer that is given in place of forwarding.
package struct DirectResponse: Equatable, Sendable {
    /// 200 to 599.
    package var status: Int
    /// Empty for the statuses that have none (204, 205, 304).
    package var body: [UInt8]

    package init(status: Int, body: [UInt8]) {
        self.status = status
        self.body = body
    }
}
