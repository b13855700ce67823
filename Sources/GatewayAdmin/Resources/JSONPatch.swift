internal import Bytes

/// Changes of a document by RFC 6902.
enum JSONPatch {
    struct Failure: Error {
        let message: String
    }

    /// - Parameter masked: the value as its client is shown it, where that is without secrets; nil: with them. No
    ///   operation tells such a client what a secret is, or takes one to where it is shown.
    static func apply(
        _ operations: [JSONTree], to value: JSONTree, masked: ((JSONTree) -> JSONTree)? = nil
    ) throws(Failure) -> JSONTree {
        var value = value
        for operation in operations {
            if let masked { try checkSecrets(operation, value, masked) }
            value = try apply(operation, to: value)
        }
        return value
    }

    /// Of an operation that reads what it is not given.
    private static func checkSecrets(
        _ operation: JSONTree, _ value: JSONTree, _ masked: (JSONTree) -> JSONTree
    ) throws(Failure) {
        guard let name = operation["op"]?.string, ["test", "copy", "move"].contains(name),
            let place = operation[name == "test" ? "path" : "from"]?.string
        else { return }
        let shown = masked(value)
        let pointer = try tokens(place)
        // Below a secret nothing is shown.
        guard try value.value(at: pointer) != (try? shown.value(at: pointer)) else { return }
        guard name != "test" else {
            throw Failure(message: "`\(place)` is or holds a secret, which is not shown and can't be tested")
        }
        // A secret stays one where masking it before is as good as after.
        let changed = masked(try apply(operation, to: value))
        guard (try? apply(operation, to: shown)) != changed else { return }
        throw Failure(
            message: "`\(place)` is or holds a secret that would be shown at its new place; "
                + "write there what is no secret")
    }

    private static func apply(_ operation: JSONTree, to value: JSONTree) throws(Failure) -> JSONTree {
        guard let name = operation["op"]?.string, let path = operation["path"]?.string else {
            throw Failure(message: "an operation needs `op` and `path`")
        }
        let pointer = try tokens(path)
        switch name {
        case "add": return try value.setting(pointer, to: try operand(operation), mustExist: false)
        case "replace": return try value.setting(pointer, to: try operand(operation), mustExist: true)
        case "remove": return try value.removing(pointer)
        case "test":
            guard try value.value(at: pointer) == operand(operation) else {
                throw Failure(message: "`\(path)` is not what the test expects")
            }
            return value
        case "move", "copy":
            guard let from = operation["from"]?.string else { throw Failure(message: "`\(name)` needs `from`") }
            let source = try tokens(from)
            let moved = try value.value(at: source)
            let rest = name == "move" ? try value.removing(source) : value
            return try rest.setting(pointer, to: moved, mustExist: false)
        default: throw Failure(message: "there is no operation `\(name)`")
        }
    }

    private static func operand(_ operation: JSONTree) throws(Failure) -> JSONTree {
        guard let value = operation["value"] else { throw Failure(message: "the operation needs `value`") }
        return value
    }

    /// RFC 6901.
    private static func tokens(_ pointer: String) throws(Failure) -> ArraySlice<String> {
        if pointer.isEmpty { return [] }
        guard pointer.hasPrefix("/") else { throw Failure(message: "`\(pointer)` is no JSON Pointer") }
        let parts: [Substring] = pointer.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        let tokens: [String] = parts.map { part in
            var text = ""
            var rest = part[...]
            while let character = rest.popFirst() {
                guard character == "~", let escaped = rest.popFirst() else {
                    text.append(character)
                    continue
                }
                text.append(escaped == "1" ? "/" : "~")
            }
            return text
        }
        return tokens[...]
    }
}

extension JSONTree {
    fileprivate func value(at pointer: ArraySlice<String>) throws(JSONPatch.Failure) -> JSONTree {
        guard let first = pointer.first else { return self }
        switch self {
        case .object(let members):
            guard let member = members[first] else { throw JSONPatch.Failure(message: "there is no `\(first)`") }
            return try member.value(at: pointer.dropFirst())
        case .array(let items):
            guard let index = Int(first), items.indices.contains(index) else {
                throw JSONPatch.Failure(message: "there is no item \(first)")
            }
            return try items[index].value(at: pointer.dropFirst())
        default: throw JSONPatch.Failure(message: "there is nothing below `\(first)`")
        }
    }

    fileprivate func setting(
        _ pointer: ArraySlice<String>, to new: JSONTree, mustExist: Bool
    ) throws(JSONPatch.Failure) -> JSONTree {
        guard let first = pointer.first else { return new }
        let rest = pointer.dropFirst()
        switch self {
        case .object(var members):
            if !rest.isEmpty || mustExist, members[first] == nil {
                throw JSONPatch.Failure(message: "there is no `\(first)`")
            }
            members[first] = try (members[first] ?? .null).setting(rest, to: new, mustExist: mustExist)
            return .object(members)
        case .array(var items):
            if rest.isEmpty, !mustExist {
                let index = first == "-" ? items.count : Int(first) ?? -1
                guard (0...items.count).contains(index) else {
                    throw JSONPatch.Failure(message: "there is no item \(first)")
                }
                items.insert(new, at: index)
                return .array(items)
            }
            guard let index = Int(first), items.indices.contains(index) else {
                throw JSONPatch.Failure(message: "there is no item \(first)")
            }
            items[index] = try items[index].setting(rest, to: new, mustExist: mustExist)
            return .array(items)
        default: throw JSONPatch.Failure(message: "there is nothing below `\(first)`")
        }
    }

    fileprivate func removing(_ pointer: ArraySlice<String>) throws(JSONPatch.Failure) -> JSONTree {
        guard let first = pointer.first else { throw JSONPatch.Failure(message: "a document can't be removed so") }
        let rest = pointer.dropFirst()
        switch self {
        case .object(var members):
            guard let member = members[first] else { throw JSONPatch.Failure(message: "there is no `\(first)`") }
            members[first] = rest.isEmpty ? nil : try member.removing(rest)
            return .object(members)
        case .array(var items):
            guard let index = Int(first), items.indices.contains(index) else {
                throw JSONPatch.Failure(message: "there is no item \(first)")
            }
            if rest.isEmpty { items.remove(at: index) } else { items[index] = try items[index].removing(rest) }
            return .array(items)
        default: throw JSONPatch.Failure(message: "there is nothing below `\(first)`")
        }
    }
}

// MARK: - APISIX's own ways

extension JSONTree {
    /// Members of objects are merged at every depth, null removes one, all else is replaced (as RFC 7396).
    func merging(_ patch: JSONTree) -> JSONTree {
        guard let changes = patch.object else { return patch }
        var members = object ?? JSONObjectTree()
        for (name, change) in changes.entries {
            members[name] = change.isNull ? nil : (members[name] ?? .null).merging(change)
        }
        return .object(members)
    }

    /// The value with what stands at these names replaced; objects on the way are made, null removes it.
    func replacing(_ path: ArraySlice<String>, by new: JSONTree) -> JSONTree {
        guard let first = path.first else { return new }
        if var items = array, let index = Int(first), items.indices.contains(index) {
            items[index] = items[index].replacing(path.dropFirst(), by: new)
            return .array(items)
        }
        var members = object ?? JSONObjectTree()
        let value = (members[first] ?? .null).replacing(path.dropFirst(), by: new)
        members[first] = value.isNull ? nil : value
        return .object(members)
    }
}
