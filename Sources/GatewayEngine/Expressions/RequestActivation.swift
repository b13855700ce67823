internal import Bytes
internal import CEL
internal import GatewayModel
internal import HTTPWire
internal import JOSE

/// Shows one request to expressions. Little is copied: values borrow from the head, from the canonical
/// target and from the claims in the token cache, all of which outlive the evaluation.
///
/// Lent by `show`, which keeps alive what it points to; nothing of it is counted or copied, as every request with
/// rules comes by here.
@safe struct RequestActivation: CELActivation, ~Copyable {
    /// The head's bytes.
    let head: UnsafeBufferPointer<UInt8>
    /// The bytes that the target's ranges count in.
    let target: UnsafeBufferPointer<UInt8>
    let host: UnsafeBufferPointer<UInt8>
    /// Nil while it has not come.
    private let body: UnsafeBufferPointer<UInt8>?
    private let scratch: UnsafePointer<RequestScratch>
    private let setting: UnsafePointer<RequestSetting>
    private unowned(unsafe) let listener: ListenerSnapshot
    /// Whether what stages have taken out since is shown, too.
    let isAsReceived: Bool
    /// Whether what transformations have made of the request is shown in its place.
    private let isChanged: Bool

    /// All pointers must stay valid, and what they point to unchanged, as long as the activation is used.
    init(
        head: UnsafeBufferPointer<UInt8>, host: UnsafeBufferPointer<UInt8>, storage: UnsafeBufferPointer<UInt8>,
        body: UnsafeBufferPointer<UInt8>?, scratch: UnsafePointer<RequestScratch>,
        setting: UnsafePointer<RequestSetting>, listener: ListenerSnapshot, isAsReceived: Bool,
        isChanged: Bool = false
    ) {
        unsafe self.head = head
        unsafe self.host = host
        unsafe self.body = body
        unsafe target = isChanged || scratch.pointee.target.isVerbatim ? head : storage
        unsafe self.scratch = scratch
        unsafe self.setting = setting
        unsafe self.listener = listener
        self.isAsReceived = isAsReceived
        self.isChanged = isChanged
    }

    var hasBody: Bool { unsafe body != nil }
    var path: Range<Int> { unsafe isChanged ? scratch.pointee.changed.path : scratch.pointee.target.path }
    var query: Range<Int>? { unsafe isChanged ? scratch.pointee.changed.query : scratch.pointee.target.query }
    var method: Range<Int> { unsafe isChanged ? scratch.pointee.changed.method : setting.pointee.head.methodName }
    var lines: [FieldLine] { unsafe isChanged ? scratch.pointee.changed.lines : scratch.pointee.table.lines }
    /// What was found to be a token and is hidden: it does not go on to the upstream either.
    var removedCookies: [(line: Int, pair: Range<Int>)] { unsafe isAsReceived ? [] : scratch.pointee.removedCookies }
    var removedParameters: [Range<Int>] {
        // A query that transformations have made is another text, and rid of them already.
        let isOther = unsafe isAsReceived || (isChanged && scratch.pointee.changed.hasNewQuery)
        return unsafe isOther ? [] : scratch.pointee.removedParameters
    }
    var connection: ConnectionContext { unsafe setting.pointee.connection }
    private var bind: BindSnapshot { unsafe setting.pointee.bind }
    private var backendName: String? {
        let name = unsafe scratch.pointee.answeringUpstream
        return name.isEmpty ? nil : name
    }
    /// The answer, where there is one already.
    var answer: AnswerMessage? { unsafe scratch.pointee.answer }
    private var metadata: CELValue {
        let noted = unsafe scratch.pointee.metadata
        return noted.isEmpty ? .null : .map(CELOwnedMap(distinct: noted.map { (.string($0.name), $0.value) }))
    }
    private var routeName: String? { unsafe scratch.pointee.routeName }
    private var document: RouteDocument? { unsafe scratch.pointee.route?.document }
    private var token: VerifiedToken? { unsafe scratch.pointee.verifiedToken }
    private var instance: GatewayInstance { unsafe listener.instance }

    func resolve(_ attribute: Int) -> CELValue {
        guard let attribute = RequestAttribute(rawValue: attribute) else { return .null }
        switch attribute {
        case .method: return unsafe plain(head, method)
        case .scheme: return connection.schemeValue
        case .host: return unsafe .string(CELBuffer(borrowing: host))
        case .path: return unsafe plain(target, path)
        case .pathAndQuery: return pathAndQuery
        case .uri: return uri
        case .version where connection.speaksHTTP2: return .string("HTTP/2")
        case .version: return unsafe .string(setting.pointee.head.minorVersion == 0 ? "HTTP/1.0" : "HTTP/1.1")
        case .headers: return .map(CELOwnedMap(distinct: headerEntries))
        case .query: return .map(CELOwnedMap(distinct: queryEntries))
        case .startTime: return unsafe CELTimestamp(seconds: setting.pointee.now).map { .timestamp($0) } ?? .null
        case .body:
            guard let body = unsafe body else { return .error(CELEvaluationError(.noSuchMember)) }
            return unsafe .bytes(CELBuffer(borrowing: body))
        case .jwt: return claims
        case .consumer: return unsafe scratch.pointee.consumer?.attribute.map { CELValue(json: $0.root) } ?? .null
        case .apiKey: return unsafe scratch.pointee.apiKey?.metadata.map { CELValue(json: $0.root) } ?? .null
        case .basicAuth: return unsafe scratch.pointee.user?.attributes ?? .null
        case .sourceAddress, .sourceRawAddress:
            // A peer without one fails the rule that asks for it.
            guard case .string(let address) = connection.sourceValue else {
                return .error(CELEvaluationError(.noSuchMember))
            }
            return .string(address)
        case .sourcePort, .sourceRawPort: return .int(Int64(connection.sourcePort))
        case .sourceTLS: return .bool(connection.isEncrypted)
        case .destinationAddress: return connection.destinationValue
        case .destinationPort: return .int(Int64(bind.address.port))
        case .gatewayName, .proxyGatewayName: return unsafe .string(listener.gatewayName)
        case .gatewayListener, .proxyListenerName: return unsafe listener.name.isEmpty ? .null : .string(listener.name)
        case .routeName, .proxyRouteName: return Self.name(routeName)
        case .routeID: return Self.name(document?.id)
        case .routeGivenName: return Self.name(document?.name)
        case .serviceID: return Self.name(document?.service?.id)
        case .serviceName: return Self.name(document?.service?.name)
        case .proxyBind: return .string("\(bind.address)")
        case .environmentPodName: return Self.name(instance.podName)
        case .environmentNamespace: return Self.name(instance.namespace)
        case .environmentGateway: return Self.name(instance.gateway)
        // Of requests that have been answered.
        case .responseCode: return unsafe .int(Int64(scratch.pointee.answeredStatus))
        case .responseGRPCStatus:
            return unsafe scratch.pointee.answeredGRPCStatus.map { .int(Int64($0)) } ?? .null
        case .backendName: return Self.name(backendName)
        case .backend:
            return backendName.map { .map(CELOwnedMap(distinct: [(.string("name"), .string($0))])) } ?? .null
        case .metadata: return metadata
        case .responseHeaders: return answerHeaders
        case .responseBody:
            guard let body = answer?.body else { return .error(CELEvaluationError(.noSuchMember)) }
            return .bytes(CELBuffer(copying: body))
        case .sourceIdentity: return connection.client?.identity ?? .null
        case .sourceSPIFFEID: return connection.client?.spiffeID ?? .null
        case .sourceSubject: return connection.client?.subject ?? .null
        case .sourceSubjectCN: return connection.client?.commonName ?? .null
        case .sourceIssuer: return connection.client?.issuer ?? .null
        case .sourceSubjectAltNames: return connection.client?.alternativeNames ?? .null
        case .sourceCertificate: return connection.client?.pem ?? .null
        // Nothing sets it yet.
        case .extauthz: return .null
        case .rawToken: return rawToken
        // What does not compile.
        case .apiKeyText, .backendType, .backendProtocol:
            return .null
        }
    }

    func resolve(_ attribute: Int, key: CELBuffer) -> CELValue? {
        switch attribute {
        case RequestAttribute.jwt.rawValue:
            guard let token, !key.withSpan({ $0.equals("rawToken") }) else { return nil }
            return CELValue(json: token.claims.root).entry(named: key)
        case RequestAttribute.headers.rawValue: return key.withSpan { header($0) }
        case RequestAttribute.responseHeaders.rawValue: return key.withSpan { answerHeader($0) }
        case RequestAttribute.query.rawValue: return key.withSpan { parameter($0) }
        default:
            let value = resolve(attribute)
            // What cannot be read has every member, and reading it fails.
            return value.isError ? value : value.entry(named: key)
        }
    }

    /// Whether a line of the head is there for expressions.
    func isShown(_ line: FieldLine) -> Bool { !line.isDropped || isAsReceived }

    // MARK: - Text

    /// Borrowed bytes that are known to be ASCII.
    func plain(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> CELValue {
        unsafe .string(CELBuffer(borrowing: UnsafeBufferPointer(rebasing: bytes[range])))
    }

    /// Borrowed bytes as a string. Header values may hold bytes that are no UTF-8, strings may not.
    func text(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> CELValue {
        let part = unsafe UnsafeBufferPointer(rebasing: bytes[range])
        guard unsafe UTF8Validation.isValid(part.span) else { return .error(CELEvaluationError(.invalidUTF8)) }
        return unsafe .string(CELBuffer(borrowing: part))
    }

    /// Null where there is none.
    private static func name(_ name: String?) -> CELValue { name.map { .string($0) } ?? .null }

    static func text(_ bytes: [UInt8]) -> CELValue {
        guard UTF8Validation.isValid(bytes.span) else { return .error(CELEvaluationError(.invalidUTF8)) }
        return .string(CELBuffer(copying: bytes))
    }

    // MARK: - Claims

    /// The token as it was sent.
    private var rawToken: CELValue {
        let text = unsafe head.span
        guard let token = unsafe scratch.pointee.verifiedTokenText(text) else {
            return .error(CELEvaluationError(.noSuchMember))
        }
        return .secret(CELBuffer(copying: token))
    }

    /// All claims but one that could pass for the token itself.
    private var claims: CELValue {
        guard let token else { return .null }
        let root = token.claims.root
        guard root["rawToken"] != nil else { return CELValue(json: root) }
        return .map(
            root.members.compactMap { member in
                guard let name = member.name.string, name != "rawToken" else { return nil }
                return (key: .string(name), value: CELValue(json: member.value))
            })
    }
}
