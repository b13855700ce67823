internal import Bytes
internal import CEL
package import HTTPWire

/// A request as the expressions of the access log see it, kept until its line is written.
package final class LoggedRequest {
    private let policy: AccessLogPolicy
    private let request: KeptRequest

    /// Nil where no listener answers to the request's host: nothing of it can be asked for.
    ///
    /// - Parameters:
    ///   - bytes: begin with the head.
    ///   - scratch: as the pipeline left it.
    ///   - now: Unix seconds.
    package init?(
        _ policy: AccessLogPolicy, _ head: RequestHead, _ bytes: Span<UInt8>, _ scratch: RequestScratch,
        bind: BindSnapshot, connection: ConnectionContext, now: Int64
    ) {
        guard let request = KeptRequest(head, bytes, scratch, bind: bind, connection: connection, now: now) else {
            return nil
        }
        self.policy = policy
        self.request = request
        policy.credentialHeaders.drop(from: &request.scratch.table, in: bytes)
        request.scratch.changed.hide(policy.credentialHeaders)
        guard !policy.credentialParameters.isEmpty else { return }
        TokenRemoval.noteParameters(named: policy.credentialParameters, &request.scratch, bytes)
        request.scratch.changed.removeParameters { _, name in
            policy.credentialParameters.contains(QueryString.decoded(name))
        }
    }

    /// What became of a call of gRPC; nil where that is not known.
    package var grpcStatus: Int? {
        get { request.scratch.answeredGRPCStatus }
        set { request.scratch.answeredGRPCStatus = newValue }
    }

    /// Reads it from the fields of an answer's head, or from its trailers, which come later and hold.
    ///
    /// - Parameter bytes: those the lines were read from.
    package func noteGRPCStatus(in fields: FieldTable, _ bytes: Span<UInt8>) {
        let name = Array("grpc-status".utf8)
        for line in fields.lines where bytes.extracting(line.name).equalsIgnoringASCIICase(name.span) {
            let digits = bytes.extracting(line.value)
            guard (1...3).contains(digits.count), digits.indices.allSatisfy({ digits[$0].isASCIIDigit }) else {
                continue
            }
            grpcStatus = digits.indices.reduce(0) { $0 * 10 + Int(digits[$1] - 0x30) }
        }
    }

    /// A field of the line.
    package struct Field: Sendable {
        package let name: [UInt8]
        package let value: [UInt8]
        /// Else it is text.
        package let isJSON: Bool
    }

    /// What the line has beside the usual; nil where the request is not to be logged. What cannot be evaluated, or
    /// is null, is left out.
    ///
    /// - Parameters:
    ///   - status: of the answer.
    ///   - upstream: the server that was asked; empty where none was.
    package func fields(status: Int, upstream: String) -> [Field]? {
        request.scratch.answeredStatus = status
        request.scratch.answeringUpstream = upstream
        return request.show { request in
            if let filter = policy.filter {
                guard case .bool(true) = filter.evaluate(request) else { return nil }
            }
            return policy.added.compactMap { Self.field($0, request) }
        }
    }

    private static func field(_ field: AccessLogPolicy.Field, _ request: borrowing RequestActivation) -> Field? {
        switch field.program.evaluate(request) {
        case .error: return nil
        case .bool(let value): return json(field, Array("\(value)".utf8))
        case .value(let value):
            switch value {
            case .null: return nil
            case .int(let number): return json(field, Array("\(number)".utf8))
            case .uint(let number): return json(field, Array("\(number)".utf8))
            case .double(let number) where number.isFinite: return json(field, Array("\(number)".utf8))
            case .string(let text): return Self.text(field, text.withSpan { $0.copied })
            default: break
            }
            guard case .value(.string(let text)) = field.jsonProgram.evaluate(request) else { return nil }
            return json(field, text.withSpan { $0.copied })
        }
    }

    private static func json(_ field: AccessLogPolicy.Field, _ value: [UInt8]) -> Field {
        isFit(value) ? Field(name: field.name, value: value, isJSON: true) : text(field, value)
    }

    private static func text(_ field: AccessLogPolicy.Field, _ value: [UInt8]) -> Field {
        let text = isFit(value) ? value : withheld
        return Field(name: field.name, value: text, isJSON: false)
    }

    /// A line is no place for a long text, nor for anything that may be a token, wherever it was found.
    private static func isFit(_ value: [UInt8]) -> Bool {
        value.count <= maxBytes && !value.span.holdsToken
    }

    private static let maxBytes = 4096
    /// What stands in a line in place of what it must not hold.
    package static let withheld = Array("withheld".utf8)
}

extension Span<UInt8> {
    /// Whether something in it reads like a signed or encrypted token: a JOSE header in base64url begins with `eyJ`,
    /// and a dot ends it.
    package var holdsToken: Bool {
        var start = 0
        while start + 3 <= count {
            guard self[start] == UInt8(ascii: "e"), self[start + 1] == UInt8(ascii: "y"),
                self[start + 2] == UInt8(ascii: "J")
            else {
                start += 1
                continue
            }
            start += 3
            while start < count, self[start].isBase64URL { start += 1 }
            if start < count, self[start] == UInt8(ascii: ".") { return true }
        }
        return false
    }
}

extension UInt8 {
    fileprivate var isBase64URL: Bool {
        isASCIILetter || isASCIIDigit || self == UInt8(ascii: "-") || self == UInt8(ascii: "_")
    }
}
