package import GatewayEngine
package import GatewayModel

/// Which places of a configuration a question is about.
package struct PlaceSelection: Sendable {
    /// A request in a few words; what is left out is what curl would send.
    package struct Request: Sendable {
        package var host: String
        package var path: String
        package var method: String
        /// Field lines without their line breaks.
        package var fields: [String]

        package init(host: String, path: String, method: String, fields: [String] = []) {
            self.host = host
            self.path = path
            self.method = method
            self.fields = fields
        }

        /// The head; a name or path that no request can have is found by its reader.
        var text: [UInt8] {
            let fields = fields.map { "\($0)\r\n" }.joined()
            return Array("\(method) \(path) HTTP/1.1\r\nHost: \(host)\r\n\(fields)\r\n".utf8)
        }
    }

    /// Why nothing was selected, as a sentence.
    package struct Failure: Error, Sendable {
        package let reason: String
    }

    /// A route's name, or its id (`3000/listener0/route0`).
    package var route: String?
    /// A listener's name, its id (`3000/listener0`), or the name of its gateway.
    package var listener: String?
    package var port: Int?
    package var request: Request?

    package init(route: String? = nil, listener: String? = nil, port: Int? = nil, request: Request? = nil) {
        self.route = route
        self.listener = listener
        self.port = port
        self.request = request
    }

    /// Whether the question is about the whole configuration.
    package var isEverything: Bool { route == nil && listener == nil && port == nil && request == nil }
}

extension PlaceSelection {
    /// The places, in the order of the configuration; never empty.
    package func places(
        in configuration: GatewayConfiguration, _ snapshot: Snapshot
    ) throws(Failure) -> [GatewayPlace] {
        var places = snapshot.places.filter { isSelected($0, configuration) }
        guard !places.isEmpty else {
            let names = Self.names(of: configuration, route != nil)
            throw Failure(reason: "no \(inWords) in this configuration; it has \(names)")
        }
        guard let request else { return places }
        let text = request.text
        var reached: Set<GatewayPlace> = []
        for bind in Set(places.map(\.bind)) {
            do throws(RefusalCode) {
                if let place = try snapshot.place(ofRequest: text, bind: bind) { reached.insert(place) }
            } catch {
                throw Failure(
                    reason: "the gateway refuses such a request before it looks for a token: \(error.rawValue)")
            }
        }
        places.removeAll { !reached.contains($0) }
        guard !places.isEmpty else { throw Failure(reason: "the request does not end up at \(inWords)") }
        return places
    }

    private func isSelected(_ place: GatewayPlace, _ configuration: GatewayConfiguration) -> Bool {
        let bind = configuration.binds[place.bind]
        let listener = bind.listeners[place.listener]
        if let port, bind.address.port != port { return false }
        if let name = self.listener {
            guard [listener.name, listener.id.name, listener.gatewayName].contains(name) else { return false }
        }
        guard let name = route else { return true }
        guard let index = place.route else { return false }
        return [listener.routes[index].name, listener.routes[index].id.name].contains(name)
    }

    private var inWords: String {
        var words: [String] = []
        if let route { words.append("route `\(route)`") }
        if let listener { words.append("listener `\(listener)`") }
        if let port { words.append("port \(port)") }
        return words.isEmpty ? "any listener" : words.joined(separator: " of ")
    }

    private static func names(of configuration: GatewayConfiguration, _ wantsRoutes: Bool) -> String {
        let listeners = configuration.binds.flatMap(\.listeners)
        let names = wantsRoutes ? listeners.flatMap(\.routes).map(\.label) : listeners.map(\.label)
        return names.isEmpty ? "none" : names.map { "`\($0)`" }.joined(separator: ", ")
    }
}

extension Route {
    /// The name its author gave it, else its id.
    package var label: String { name.isEmpty ? id.name : name }
}

extension Listener {
    /// The name its author gave it, else its id.
    package var label: String { name.isEmpty ? id.name : name }
}
