internal import Bytes

/// One call of the Admin API, read and not yet allowed.
struct AdminRequest: Sendable {
    var method: String
    /// Behind `/apisix/admin/`, or behind `/api/` where it is about gateway groups; decoded, no empty ones.
    var path: [String]
    /// Names and values decoded; the first of a name counts.
    var query: [String: String]
    var body: [UInt8]
    /// `If-Match` (RFC 9110 §13.1.1), as written.
    var ifMatch: String?
    /// `If-None-Match` (RFC 9110 §13.1.2), as written.
    var ifNoneMatch: String?
    /// Who asks, for the audit trail.
    var caller: Caller

    struct Caller: Sendable {
        var name: String
        var role: AdminRole
        /// The gateway group that their key is of; nil: they may see all.
        var group: String?
        var address: String
        /// Whether secrets are hidden from them.
        var seesMasks: Bool
    }

    /// Whether it is about the gateway groups themselves.
    let isAboutGroups: Bool

    /// API7's clients name the group of gateways they mean, or have a key of it; Apache APISIX has none.
    var shape: AnswerShape {
        !isAboutGroups && query["gateway_group_id"] == nil && caller.group == nil ? .apisix : .api7
    }

    /// Nil where the target is none of the Admin API's.
    init?(method: String, target: String, body: [UInt8], caller: Caller) {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let path = parts.first else { return nil }
        isAboutGroups = path == Self.groupRoot || path.hasPrefix(Self.groupRoot + "/")
        guard isAboutGroups || path == Self.root || path.hasPrefix(Self.root + "/") else { return nil }
        let segments = path.dropFirst(isAboutGroups ? "/api".count : Self.root.count).split(separator: "/")
        self.path = segments.compactMap { Self.decoded($0, plusIsBlank: false) }
        guard self.path.count == segments.count else { return nil }
        var query: [String: String] = [:]
        for pair in parts.count == 2 ? parts[1].split(separator: "&") : [] {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decoded(sides[0], plusIsBlank: true),
                let value = Self.decoded(sides.count == 2 ? sides[1] : "", plusIsBlank: true)
            else { return nil }
            query[name] = query[name] ?? value
        }
        self.query = query
        self.method = method
        self.body = body
        self.caller = caller
    }

    static let root = "/apisix/admin"
    static let groupRoot = "/api/gateway_groups"

    /// The body of a write.
    func document() throws -> JSONTree {
        guard !body.isEmpty else { throw AdminRefusal(400, "missing configurations") }
        do {
            return try JSONTree(parsingLeniently: body, limits: .document)
        } catch {
            throw AdminRefusal(
                AdminAnswer(
                    400,
                    [
                        "error_msg": .string("invalid request body: \(error.reason.rawValue) at byte \(error.offset)"),
                        "req_body": .string(String(decoding: body, as: UTF8.self)),
                    ]))
        }
    }

    private static func decoded(_ text: Substring, plusIsBlank: Bool) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard let high = rest.popFirst()?.hexDigitValue, let low = rest.popFirst()?.hexDigitValue else {
                    return nil
                }
                bytes.append(high << 4 | low)
            } else {
                bytes.append(plusIsBlank && byte == UInt8(ascii: "+") ? ASCII.space : byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

/// What is answered to a call.
struct AdminAnswer: Sendable {
    var status: Int
    /// Nil: no body.
    var body: [UInt8]?
    var contentType = "application/json"
    /// The revision of the one document that the answer shows.
    var revision: Int64?

    init(_ status: Int, _ json: JSONTree, revision: Int64? = nil) {
        self.status = status
        body = json.bytes + [ASCII.lineFeed]
        self.revision = revision
    }

    init(_ status: Int) {
        self.status = status
        body = nil
    }

    init(_ status: Int, plain text: String) {
        self.status = status
        body = Array(text.utf8)
        contentType = "text/plain; charset=utf-8"
    }

    static func error(_ status: Int, _ message: String) -> AdminAnswer {
        AdminAnswer(status, ["error_msg": .string(message)])
    }

    static let notFound = AdminAnswer(404, ["message": "Key not found"])
}

/// A call that ends early, with its answer.
struct AdminRefusal: Error {
    let answer: AdminAnswer

    init(_ answer: AdminAnswer) {
        self.answer = answer
    }

    init(_ status: Int, _ message: String) {
        answer = .error(status, message)
    }
}
