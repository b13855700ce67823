import GatewayModel
import Yams

/// Reads the one document of a YAML or JSON text into nodes with their places.
///
/// Duplicate keys, unknown tags, a second document and everything beyond the limits are errors.
/// Environment variables are expanded in scalar values, never in keys.
package struct DocumentReader {
    /// What a configuration may ask of the reader.
    package enum Limits {
        package static var bytes: Int { 32 << 20 }
        package static var depth: Int { 64 }
        package static var nodes: Int { 2_000_000 }
        /// Nodes that come from following aliases: a bomb is made of nothing else.
        package static var aliasedNodes: Int { 10_000 }
        /// Aliases in a document that might use one as a mapping key, see `AliasScan`.
        package static var aliasesBesideComplexKeys: Int { 8 }
    }

    let documentName: String
    let environment: [String: String]
    let findings: Findings
    var nodeCount = 0
    var aliasedNodeCount = 0
    var seenAnchors: Set<SourcePlace> = []
    /// How many aliases the node being read stands in.
    var aliasDepth = 0
    /// What was written in two halves, and is one character to the parser.
    var pairs = SurrogatePairs()

    /// The root node; nil where there is none, which is then among the findings.
    ///
    /// - Parameters:
    ///   - text: a whole YAML or JSON document.
    ///   - documentName: the name that places are reported with.
    ///   - environment: the variables a scalar may name; a name not in it is an error.
    package static func read(
        text: String, documentName: String, environment: [String: String], findings: Findings
    ) -> DocumentNode? {
        var reader = DocumentReader(documentName: documentName, environment: environment, findings: findings)
        // A byte order mark is no part of the text, whatever editor left it there.
        let hasMark = text.unicodeScalars.first == "\u{FEFF}"
        return reader.read(hasMark ? String(text.unicodeScalars.dropFirst()) : text)
    }

    init(documentName: String, environment: [String: String], findings: Findings) {
        self.documentName = documentName
        self.environment = environment
        self.findings = findings
    }

    private mutating func read(_ text: String) -> DocumentNode? {
        let start = Provenance(document: documentName, line: 1, column: 1)
        guard text.utf8.count <= Limits.bytes else {
            findings.error("document_too_large", "the document is larger than \(Limits.bytes >> 20) MiB", at: start)
            return nil
        }
        guard !AliasScan.isDangerous(text) else {
            findings.error(
                "yaml_too_many_aliases", "the document has too many aliases beside keys that are not plain names",
                at: start, hint: "write the values out instead of repeating them by alias")
            return nil
        }
        do {
            // The parser owns the anchors that nodes point to: it has to outlive the conversion.
            let parser = try Parser(yaml: pairs.joined(in: text), resolver: .basic, encoding: .utf8)
            return try withExtendedLifetime(parser) {
                guard let root = try parser.singleRoot() else {
                    findings.error("document_empty", "the document is empty", at: start)
                    return nil
                }
                return node(root, name: "", depth: 0, fallback: start)
            }
        } catch let error as YamlError {
            report(error, source: text)
        } catch {
            findings.error("yaml_syntax", "the document cannot be read: \(error)", at: start)
        }
        return nil
    }
}

/// A place that identifies an anchored node.
struct SourcePlace: Hashable {
    var line: Int
    var column: Int
}

extension DocumentReader {
    /// The node and everything below it; nil where a limit ended the reading, which is then reported.
    mutating func node(_ node: Node, name: String, depth: Int, fallback: Provenance) -> DocumentNode? {
        let place = provenance(node.mark, fallback: fallback)
        let isAlias = isAlias(node)
        if isAlias { aliasDepth += 1 }
        defer { if isAlias { aliasDepth -= 1 } }
        guard isWithinLimits(depth: depth, at: place) else { return nil }
        switch node {
        case .scalar(let scalar):
            return DocumentNode(.scalar(self.scalar(scalar, at: place)), named: name, at: place)
        case .sequence(let sequence):
            checkTag(sequence.tag, allowed: "seq", at: place)
            return self.sequence(sequence, name: name, depth: depth, at: place)
        case .mapping(let mapping):
            checkTag(mapping.tag, allowed: "map", at: place)
            guard let entries = entries(of: mapping, depth: depth, at: place) else { return nil }
            return DocumentNode(.mapping(entries), named: name, at: place)
        case .alias:
            // The parser resolves aliases; this case exists for documents being written.
            findings.error("yaml_syntax", "an alias stands for nothing", at: place)
            return nil
        }
    }

    func provenance(_ mark: Mark?, fallback: Provenance) -> Provenance {
        guard let mark else { return fallback }
        return Provenance(
            document: documentName, line: mark.line, column: pairs.columnAsWritten(line: mark.line, column: mark.column)
        )
    }

    /// Whether an anchored node comes by a second time, which only an alias brings about.
    private mutating func isAlias(_ node: Node) -> Bool {
        guard node.anchor != nil, let mark = node.mark else { return false }
        return !seenAnchors.insert(SourcePlace(line: mark.line, column: mark.column)).inserted
    }

    private mutating func isWithinLimits(depth: Int, at place: Provenance) -> Bool {
        nodeCount += 1
        if aliasDepth > 0 { aliasedNodeCount += 1 }
        if aliasedNodeCount > Limits.aliasedNodes {
            findings.error(
                "yaml_too_many_aliases", "the aliases of the document stand for too many values", at: place,
                hint: "write the values out instead of repeating them by alias")
        } else if nodeCount > Limits.nodes {
            findings.error("document_too_large", "the document has more than \(Limits.nodes) values", at: place)
        } else if depth > Limits.depth {
            findings.error(
                "document_too_deep", "the document is nested more than \(Limits.depth) levels deep", at: place)
        } else {
            return true
        }
        return false
    }

    private mutating func sequence(
        _ sequence: Node.Sequence, name: String, depth: Int, at place: Provenance
    ) -> DocumentNode? {
        var items: [DocumentNode] = []
        items.reserveCapacity(sequence.count)
        for (index, item) in sequence.enumerated() {
            guard let item = node(item, name: "\(name)[\(index)]", depth: depth + 1, fallback: place) else {
                return nil
            }
            items.append(item)
        }
        return DocumentNode(.sequence(items), named: name, at: place)
    }

    private func scalar(_ scalar: Node.Scalar, at place: Provenance) -> DocumentScalar {
        let style = scalarStyle(scalar, at: place)
        guard scalar.string.utf8.contains(UInt8(ascii: "$")) else {
            return DocumentScalar(text: scalar.string, style: style)
        }
        let outcome = VariableExpansion.expand(scalar.string, environment: environment)
        for problem in outcome.problems { report(problem, at: place) }
        let origin: DocumentScalar.Origin = outcome.problems.isEmpty ? .expanded : .unusable
        return DocumentScalar(
            text: outcome.text, style: style, origin: outcome.isUnchanged ? .asWritten : origin)
    }

    private func report(_ problem: VariableExpansion.Problem, at place: Provenance) {
        switch problem {
        case .undefined(let name):
            findings.error(
                "variable_undefined", "the environment variable `\(name)` is not set", at: place,
                hint: "set it, or write $$ for a dollar sign")
        case .malformed:
            findings.error(
                "variable_malformed", "what begins with ${ here is no variable", at: place,
                hint: "write ${NAME}, ${NAME:-otherwise}, or $$ for a dollar sign")
        }
    }

    private func scalarStyle(_ scalar: Node.Scalar, at place: Provenance) -> DocumentScalar.Style {
        switch scalar.tag.description {
        case "": return scalar.style == .plain ? .plain : .quoted
        case "!", Self.coreTag + "str": return .quoted
        case Self.coreTag + "int", Self.coreTag + "bool", Self.coreTag + "float", Self.coreTag + "null": return .plain
        default:
            findings.error(
                "yaml_tag", "this tag is not known", at: place,
                hint: "remove it, or put quotes around a text that begins with !")
            return .quoted
        }
    }

    private func checkTag(_ tag: Tag, allowed: String, at place: Provenance) {
        let name = tag.description
        guard name != "", name != "!", name != Self.coreTag + allowed else { return }
        findings.error(
            "yaml_tag", "this tag is not known", at: place, hint: "remove it")
    }

    private static var coreTag: String { "tag:yaml.org,2002:" }
}
