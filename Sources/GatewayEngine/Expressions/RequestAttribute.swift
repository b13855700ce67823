package import CEL

/// What expressions can read of a request: the one table. The environment is declared from it, the
/// activation resolves by it, and the reference page is made from it.
///
/// Roots without a value are null: `jwt == null` is true where no token was verified.
package enum RequestAttribute: Int, CaseIterable, Sendable {
    case method, scheme, host, path, pathAndQuery, uri, version, headers, query, startTime, body
    case jwt, rawToken
    case sourceAddress, sourcePort, sourceRawAddress, sourceRawPort, sourceTLS, sourceIdentity, sourceSPIFFEID,
        sourceSubject, sourceSubjectCN
    case sourceIssuer, sourceSubjectAltNames, sourceCertificate
    case destinationAddress, destinationPort
    case gatewayName, gatewayListener, routeName, routeID, routeGivenName, serviceID, serviceName
    case proxyBind, proxyGatewayName, proxyListenerName, proxyRouteName
    case consumer, apiKey, apiKeyText, basicAuth, extauthz, metadata
    case environmentPodName, environmentNamespace, environmentGateway
    case backend, backendName, backendType, backendProtocol
    case responseCode, responseGRPCStatus, responseHeaders, responseBody

    /// One row.
    package struct Entry: Sendable {
        package let path: String
        package let type: CELType
        package let availability: Availability
        /// Its reference text.
        package let documentation: String
        /// What to write where agentgateway has to take the expression, which does not have the attribute; nil where
        /// it has.
        package private(set) var ours: String?

        init(_ path: String, _ type: CELType, _ documentation: String) {
            self.init(path, type, .always, documentation)
        }

        init(_ path: String, _ type: CELType, _ availability: Availability, _ documentation: String) {
            self.path = path
            self.type = type
            self.availability = availability
            self.documentation = documentation
        }

        /// Marks what agentgateway does not have.
        fileprivate func ours(instead: String) -> Entry {
            var copy = self
            copy.ours = instead
            return copy
        }
    }

    /// The row of a path.
    static func entry(at path: String) -> Entry? { allCases.lazy.map(\.entry).first { $0.path == path } }

    /// When there is a value.
    package enum Availability: Equatable, Sendable {
        case always
        /// In some requests: `has()` tells, and reading it in others is an error.
        case sometimes
        /// Where such a part of the configuration stands before the expression; null, or absent, where none does.
        case filled(by: AttributeFiller)
        /// Once it has been gathered, for which the request is held.
        case body
        case backend, response
        /// Once the answer to a call of gRPC is over; absent where it was none.
        case endOfCall
        /// Only where the text leaves for the backend: in transformations and backend authentication.
        case secret
    }

    private static let namesOfRoutes = "`proxy.route.name`"

    package var entry: Entry {
        switch self {
        case .method: Entry("request.method", .string, "The method: `GET`.")
        case .scheme: Entry("request.scheme", .string, "`http` or `https`, as the client's connection is.")
        case .host:
            Entry("request.host", .string, "The host asked for: lower-case, without port and without a dot at its end.")
        case .path:
            Entry(
                "request.path", .string, "The path as it is matched and forwarded: normalised, still percent-encoded.")
        case .pathAndQuery:
            Entry("request.pathAndQuery", .string, "The path, and `?` with the query where there is one.")
        case .uri: Entry("request.uri", .string, "Scheme, host, path and query: `http://example.com/a?b=c`.")
        case .version: Entry("request.version", .string, "`HTTP/2`, `HTTP/1.1` or `HTTP/1.0`.")
        case .headers:
            Entry(
                "request.headers", .map(.string, .string),
                "The header fields that are forwarded; names in any case. Several lines of one name are joined by "
                    + "`, `, those of `cookie` by `; `. A token that was verified and stays behind is not among them.")
        case .query:
            Entry(
                "request.query", .map(.string, .string),
                "The query's parameters, decoded. Reading one that is there twice is an error: two readers would "
                    + "take different ones."
            ).ours(instead: "`request.uri.query(\"name\")`, which answers a list")
        case .startTime: Entry("request.startTime", .timestamp, "When the request came; whole seconds.")
        case .body:
            Entry(
                "request.body", .bytes, .body,
                "The request's body, decoded from its chunks; empty where there is none. Where rules that do not read "
                    + "it leave something to decide, the request is held until its body is whole, up to "
                    + "`config.limits.bufferedBodyBytes`.")
        case .jwt:
            Entry("jwt", .dyn, .filled(by: .jwtAuth), "The claims of the token that was verified; null where none was.")
        case .rawToken:
            Entry(
                "jwt.rawToken", .opaque("secret", []), .secret,
                "The token itself, a secret: `.unredacted()` shows it. No claim of that name is ever taken for it.")
        case .sourceAddress: Entry("source.address", .string, "The address the connection comes from.")
        case .sourcePort: Entry("source.port", .int, "Its port.")
        case .sourceRawAddress:
            Entry("source.rawAddress", .string, "As `source.address`: nothing is believed of tunnels.")
        case .sourceRawPort: Entry("source.rawPort", .int, "As `source.port`.")
        case .sourceTLS:
            Entry("source.tls", .bool, "Whether the connection is encrypted.")
                .ours(instead: "`request.scheme == \"https\"`")
        case .sourceIdentity:
            Entry(
                "source.identity", .map(.string, .string), .filled(by: .clientCertificates),
                "`trustDomain`, `namespace` and `serviceAccount` of that ID, where it is written as service meshes do: "
                    + "`spiffe://DOMAIN/ns/NAMESPACE/sa/ACCOUNT`.")
        case .sourceSPIFFEID:
            Entry(
                "source.spiffeId", .string, .filled(by: .clientCertificates),
                "The SPIFFE ID in the client's certificate: `spiffe://example.org/ns/default/sa/web`. It has one at "
                    + "most: reading one of several is an error.")
        case .sourceSubject:
            Entry(
                "source.subject", .string, .filled(by: .clientCertificates),
                "The subject of the client's certificate, attributes in their order: `C=DE, O=Example, CN=alice`. A "
                    + "special character within a value stands behind a backslash (RFC 4514).")
        case .sourceSubjectCN:
            Entry(
                "source.subjectCn", .string, .filled(by: .clientCertificates),
                "The common name of that subject. Of two, reading it is an error.")
        case .sourceIssuer:
            Entry(
                "source.issuer", .string, .filled(by: .clientCertificates),
                "Who has signed it, in the form of `source.subject`.")
        case .sourceSubjectAltNames:
            Entry(
                "source.subjectAltNames", .list(.string), .filled(by: .clientCertificates),
                "The alternative names of the client's certificate that are DNS names, URIs, addresses or e-mail addresses, "
                    + "in their order.")
        case .sourceCertificate:
            Entry("source.certificate", .string, .filled(by: .clientCertificates), "The client's certificate in PEM.")
        case .destinationAddress:
            Entry(
                "destination.address", .string, .sometimes,
                "The gateway's own address of the connection, where the transport tells it.")
        case .destinationPort: Entry("destination.port", .int, "The port the gateway was asked on.")
        case .gatewayName:
            Entry("gateway.name", .string, "The gateway the listener belongs to.")
                .ours(instead: "`proxy.gateway.name`")
        case .gatewayListener:
            Entry("gateway.listener", .string, .sometimes, "The name of the listener, where it has one.")
                .ours(instead: "`proxy.listener.name`")
        case .routeName:
            Entry(
                "route.name", .string, .sometimes,
                "The route's name, or its place where it has none; not there before a route is chosen."
            ).ours(instead: Self.namesOfRoutes)
        case .routeID:
            Entry("route.id", .string, .filled(by: .documents), "The id of the route's document.")
                .ours(instead: Self.namesOfRoutes)
        case .routeGivenName:
            Entry(
                "route.givenName", .string, .filled(by: .documents),
                "The name in that document; absent where it has none."
            ).ours(instead: Self.namesOfRoutes)
        case .serviceID:
            Entry(
                "service.id", .string, .filled(by: .documents),
                "The id of the service that the route names; absent where it names none."
            ).ours(instead: Self.namesOfRoutes)
        case .serviceName:
            Entry(
                "service.name", .string, .filled(by: .documents), "The name of that service; absent where it has none."
            ).ours(instead: Self.namesOfRoutes)
        case .proxyBind: Entry("proxy.bind", .string, "The address that is listened on: `[::]:3000`.")
        case .proxyGatewayName: Entry("proxy.gateway.name", .string, "As `gateway.name`.")
        case .proxyListenerName: Entry("proxy.listener.name", .string, .sometimes, "As `gateway.listener`.")
        case .proxyRouteName: Entry("proxy.route.name", .string, .sometimes, "As `route.name`.")
        case .consumer:
            Entry(
                "consumer", .dyn, .filled(by: .consumers),
                "The consumer the credential belongs to: `name`, and `group`, `credential` and `customId` where they are "
                    + "known; null where there is none."
            ).ours(instead: "the claims, `jwt`, or what the key has, `apiKey`")
        case .apiKey:
            Entry(
                "apiKey", .dyn, .filled(by: .apiKey),
                "The `metadata` of the API key that was sent; null where none was.")
        case .apiKeyText: Entry("apiKey.key", .opaque("secret", []), .secret, "The API key itself, a secret.")
        case .basicAuth:
            Entry(
                "basicAuth", .dyn, .filled(by: .basicAuth),
                "Who signed in by Basic authentication: `username`; null where nobody did.")
        case .extauthz:
            Entry(
                "extauthz", .dyn, .filled(by: .extAuthz), "What an external check answered; null where none was asked.")
        case .metadata:
            Entry("metadata", .dyn, .filled(by: .transformations), "What transformations noted; null where none did.")
        case .environmentPodName: Entry("env.podName", .string, .sometimes, "The variable `POD_NAME` of the process.")
        case .environmentNamespace: Entry("env.namespace", .string, .sometimes, "Its variable `NAMESPACE`.")
        case .environmentGateway: Entry("env.gateway", .string, .sometimes, "Its variable `GATEWAY`.")
        case .backend:
            Entry(
                "backend", .dyn, .backend,
                "What is known of the backend chosen: a map with `name`; null where none was.")
        case .backendName: Entry("backend.name", .string, .backend, "The backend chosen.")
        case .backendType: Entry("backend.type", .string, .backend, "Its kind.")
        case .backendProtocol: Entry("backend.protocol", .string, .backend, "What is spoken to it.")
        case .responseCode: Entry("response.code", .int, .response, "The status of the answer.")
        case .responseGRPCStatus:
            Entry(
                "response.grpcStatus", .int, .endOfCall,
                "The `grpc-status` of the answer to a call of gRPC, from its trailers or its head.")
        case .responseHeaders: Entry("response.headers", .map(.string, .string), .response, "Its header fields.")
        case .responseBody: Entry("response.body", .bytes, .response, "Its body.")
        }
    }
}
