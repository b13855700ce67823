/// A path into a request's body, JSON or a form: `a.b`, `messages[*].content[0].type`.
struct APISIXBodyPath {
    private enum Step {
        case member(String)
        case item(Int)
        case everyItem
    }

    private let steps: [Step]

    /// Nil for what is no path.
    init?(_ text: String) {
        var steps: [Step] = []
        for part in text.split(separator: ".", omittingEmptySubsequences: false) {
            let name = part.prefix { $0 != "[" }
            guard !name.isEmpty, !name.contains("]") else { return nil }
            steps.append(.member(String(name)))
            var rest = part[name.endIndex...]
            while rest.first == "[", let end = rest.firstIndex(of: "]") {
                let index = rest[rest.index(after: rest.startIndex)..<end]
                if index == "*" {
                    steps.append(.everyItem)
                } else if let number = Int(index), number >= 0 {
                    steps.append(.item(number))
                } else {
                    return nil
                }
                rest = rest[rest.index(after: end)...]
            }
            guard rest.isEmpty else { return nil }
        }
        self.steps = steps
    }

    /// The value that it leads to, or fails; a list of all values where it has `[*]`.
    var expression: String {
        let leadsToOne = steps.allSatisfy { if case .everyItem = $0 { false } else { true } }
        return leadsToOne ? one : all
    }

    private var one: String {
        steps.reduce(Self.body) { text, step in
            switch step {
            case .member(let name): "\(text)[\(name.celLiteral)]"
            case .item(let number): "\(text)[\(number)]"
            case .everyItem: text
            }
        }
    }

    /// What does not have a member or an item leads to nothing. Few comprehensions, as they stand inside each other.
    private var all: String {
        var text = "[\(Self.body)]"
        var rest = steps[...]
        while let step = rest.popFirst() {
            var value = "e"
            var test = "true"
            switch step {
            case .member(let name):
                test = "\(name.celLiteral) in e"
                value = "e[\(name.celLiteral)]"
            case .item(let number):
                test = "size(e) > \(number)"
                value = "e[\(number)]"
            case .everyItem: test = "type(e) == list"
            }
            var isList = if case .everyItem = step { true } else { false }
            if !isList, case .everyItem? = rest.first {
                rest.removeFirst()
                test += " && type(\(value)) == list"
                isList = true
            }
            text += ".map(e, default(\(test), false), \(value))" + (isList ? ".flatten()" : "")
        }
        return text
    }

    private static let body =
        "dyn(\(APISIXVariables.isJSON) ? json(request.body) : "
        + "\(APISIXVariables.isForm) ? dyn(form.decode(string(request.body))) : fail())"
}
