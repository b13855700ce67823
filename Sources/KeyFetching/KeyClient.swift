internal import AsyncHTTPClient
package import GatewayModel
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Fetches documents that keys are in, over HTTP/1.1.
///
/// Each fetch has a client and a connection of its own: fetches are rare, and what is kept between them would be paid
/// for all the time. One thread serves all of them. No proxy, no cookies, no compression.
package struct KeyClient: Sendable {
    package init() {}

    /// Fetches a document. Follows redirects; takes 200, and 304 where the request names a version.
    package func fetch(_ request: RemoteRequest) async throws(RemoteFailure) -> RemoteDocument {
        let result = await withTaskGroup(of: Result<RemoteDocument, RemoteFailure>.self) { group in
            group.addTask { await Self.result { () throws(RemoteFailure) in try await Self.follow(request) } }
            group.addTask {
                try? await Task.sleep(for: request.settings.timeout)
                return .failure(RemoteFailure("no whole answer from \(request.url.withoutQuery) in time"))
            }
            defer { group.cancelAll() }
            return await group.next() ?? .failure(RemoteFailure("the fetch was given up"))
        }
        return try result.get()
    }

    private static func result(
        _ body: () async throws(RemoteFailure) -> RemoteDocument
    ) async -> Result<RemoteDocument, RemoteFailure> {
        do { return .success(try await body()) } catch { return .failure(error) }
    }

    /// What one server answered.
    enum Step: Sendable {
        case document(RemoteDocument)
        case redirect(String)
    }

    private static func follow(_ request: RemoteRequest) async throws(RemoteFailure) -> RemoteDocument {
        var current = request
        for _ in 0...request.settings.maxRedirects {
            switch try await exchange(current) {
            case .document(let document): return document
            case .redirect(let location): current = try redirected(current, to: location)
            }
        }
        throw RemoteFailure(
            "\(request.url.withoutQuery) leads through more than \(request.settings.maxRedirects) redirects")
    }

    private static func redirected(
        _ request: RemoteRequest, to location: String
    ) throws(RemoteFailure) -> RemoteRequest {
        var next = request
        let place = request.url.withoutQuery
        do {
            next.url = try request.url.resolving(location)
        } catch {
            throw RemoteFailure("\(place) redirects to what \(error.message)")
        }
        guard next.url.scheme == request.url.scheme else {
            throw RemoteFailure("\(place) redirects from \(request.url.scheme) to \(next.url.scheme)")
        }
        // They may hold a credential that is meant for one server.
        if !next.url.hasOrigin(of: request.url) { next.settings.headers = [] }
        return next
    }

    /// It lives as long as the process: a look-up of a name tells it of its end, long after the fetch was given up.
    private static let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    /// One request and its answer, on a connection of its own.
    private static func exchange(_ request: RemoteRequest) async throws(RemoteFailure) -> Step {
        let configuration = try await clientConfiguration(request)
        let client = HTTPClient(eventLoopGroup: group, configuration: configuration)
        let result: Result<Step, RemoteFailure>
        do {
            let response = try await client.execute(
                clientRequest(request), timeout: TimeAmount(request.settings.timeout))
            result = .success(try await step(response, request))
        } catch let failure as RemoteFailure {
            result = .failure(failure)
        } catch {
            result = .failure(RemoteFailure(error, at: request.url))
        }
        try? await client.shutdown()
        return try result.get()
    }

    private static func clientRequest(_ request: RemoteRequest) -> HTTPClientRequest {
        var outgoing = HTTPClientRequest(url: request.url.description)
        outgoing.headers.add(name: "accept", value: "application/json, application/jwk-set+json")
        outgoing.headers.add(name: "user-agent", value: "tollgate")
        if let entityTag = request.entityTag { outgoing.headers.add(name: "if-none-match", value: entityTag) }
        for header in request.settings.headers { outgoing.headers.replaceOrAdd(name: header.name, value: header.value) }
        return outgoing
    }

    private static func step(_ response: HTTPClientResponse, _ request: RemoteRequest) async throws -> Step {
        let place = request.url.withoutQuery
        var document = RemoteDocument(
            content: .notModified, entityTag: response.headers.first(name: "etag"),
            lifetime: CacheLifetime.of(fields(response.headers), now: Int64(time(nil))))
        switch response.status {
        case .ok:
            let body: ByteBuffer
            do {
                body = try await response.body.collect(upTo: request.settings.maxBytes)
            } catch is NIOTooManyBytesError {
                throw RemoteFailure("\(place) answers with more than \(request.settings.maxBytes) bytes")
            }
            document.content = .bytes(Array(body.readableBytesView))
            return .document(document)
        case .notModified where request.entityTag != nil:
            return .document(document)
        case .movedPermanently, .found, .seeOther, .temporaryRedirect, .permanentRedirect:
            guard let location = response.headers.first(name: "location") else {
                throw RemoteFailure("\(place) redirects without saying where to")
            }
            return .redirect(location)
        default:
            throw RemoteFailure("\(place) answers \(response.status.code)")
        }
    }

    private static func fields(_ headers: HTTPHeaders) -> CacheLifetime.Fields {
        var fields = CacheLifetime.Fields()
        fields.cacheControl = headers["cache-control"]
        fields.expires = headers.first(name: "expires")
        fields.date = headers.first(name: "date")
        fields.age = headers.first(name: "age")
        return fields
    }
}
