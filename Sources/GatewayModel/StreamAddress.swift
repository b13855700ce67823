/// Where a stream of bytes is listened for, or leads to.
package enum StreamAddress: Hashable, Sendable {
    /// A DNS name or an IP address (IPv6 without brackets); listeners have an IP address.
    case network(host: String, port: Int)
    /// The absolute path of a Unix socket, of at most `maxPathBytes`.
    case unix(path: String)

    /// What an address of the system has room for, without the byte that ends it (`sun_path` of unix(7)).
    package static var maxPathBytes: Int {
        #if os(Linux)
            107
        #else
            103
        #endif
    }

    /// `unix:/path`; nil where the path is not absolute, or longer than `maxPathBytes`.
    package init?(unix text: String) {
        let scheme = "unix:"
        let path = text.dropFirst(scheme.utf8.count)
        guard text.hasPrefix(scheme), path.hasPrefix("/"), path.utf8.count <= Self.maxPathBytes, !path.utf8.contains(0)
        else { return nil }
        self = .unix(path: String(path))
    }

    /// Nil for a Unix socket, which has no name.
    package var host: String? {
        if case .network(let host, _) = self { host } else { nil }
    }

    /// As it stands in `Host`: without the port that `http`, or `https`, implies. A Unix socket, which has no name, is
    /// asked for as what it always is: `localhost`.
    package func authority(isSecure: Bool) -> String {
        switch self {
        case .network(let host, isSecure ? 443 : 80): host.contains(":") ? "[\(host)]" : host
        case .network: description
        case .unix: "localhost"
        }
    }
}

extension StreamAddress: CustomStringConvertible {
    /// As it stands in logs: `name:80`, `[::1]:80`, `unix:/run/app.sock`.
    package var description: String {
        switch self {
        case .network(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}
