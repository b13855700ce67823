package import GatewayModel

extension HostPattern {
    /// Reads a hostname of a listener or route: a name, `*.name` for one or more labels before it, or
    /// `*` for every host.
    package init(written text: String) throws(NameProblem) {
        try HostSyntax.checkUserInformation(text)
        if text == "*" {
            self = .any
        } else if text.hasPrefix("*."), !text.dropFirst().contains("*") {
            self = .wildcard(suffix: try HostSyntax.host(text.dropFirst(2)))
        } else if text.contains("*") {
            throw NameProblem(
                "has a star where none may stand",
                hint: "a wildcard is a star in place of the first label: *.example.com")
        } else if text.contains(":") {
            throw NameProblem("has a port or is an IPv6 address", hint: "write the name alone; the port is the bind's")
        } else {
            self = .exact(try HostSyntax.host(text))
        }
    }

    /// Whether some host answers to both.
    package func intersects(_ other: HostPattern) -> Bool {
        switch (self, other) {
        case (.any, _), (_, .any): true
        case (.exact(let a), .exact(let b)): a == b
        case (.exact(let name), .wildcard(let suffix)), (.wildcard(let suffix), .exact(let name)):
            name.hasSuffix("." + suffix)
        case (.wildcard(let a), .wildcard(let b)): a == b || a.hasSuffix("." + b) || b.hasSuffix("." + a)
        }
    }
}

extension HostPattern {
    /// The pattern as users write it.
    package var written: String {
        switch self {
        case .any: "*"
        case .exact(let name): name
        case .wildcard(let suffix): "*." + suffix
        }
    }
}
