package import CEL

/// What expressions of the gateway that a dialect comes from have in common with these.
///
/// Whoever has to be able to take a file back there may use no more: there only the grammar is checked, so that a name
/// it does not know is an error of each evaluation, by which a `deny` rule lets requests pass. What is not listed
/// counts as ours. Attributes are marked in their own table (`RequestAttribute`).
package struct OriginalVocabulary: Sendable {
    /// As messages call it.
    package let name: String
    /// By their keys (`CELMacroReference.keys`).
    package let macros: Set<String>
    /// By their names.
    package let functions: Set<String>
    /// Forms of these functions that it has not, as the reference page writes them.
    package let lackedForms: Set<String>
    /// What to write there for functions, forms and macros that it has not.
    package let instead: [String: String]

    package static let agentgateway = OriginalVocabulary(
        name: "agentgateway",
        macros: [
            "has", "default", "coalesce", "max", "min", "all/2", "exists/2", "exists_one/2", "existsOne/2", "filter/2",
            "map/2", "map/3", "mapValues/2", "filterKeys/2", "with/2",
        ],
        functions: Set(
            [
                "contains size startsWith endsWith matches type string bytes int uint double timestamp duration",
                "charAt indexOf lastIndexOf join lowerAscii upperAscii trim replace split substring",
                "stripPrefix stripSuffix regexReplace merge json jsonField toJson to_json fail random uuid",
                "base64.encode base64.decode url.encode url.decode form.encode form.decode",
                "sha1.encode sha256.encode md5.encode cookie query addQuery setQuery unredacted",
                "optional.of optional.none optional.ofNonZeroValue value hasValue or orValue",
                "math.least math.greatest math.ceil math.floor math.round math.trunc math.isInf math.isNaN math.isFinite",
                "math.abs math.sign math.sqrt math.bitAnd math.bitOr math.bitXor math.bitNot",
                "math.bitShiftLeft math.bitShiftRight",
                "ip isIP family isUnspecified isLoopback isLinkLocalMulticast isLinkLocalUnicast isGlobalUnicast",
                "cidr containsIP containsCIDR masked prefixLength",
            ].flatMap { $0.split(separator: " ").map(String.init) } + partsOfTimes),
        lackedForms: Set(
            [
                "string.jsonField(string) -> dyn", "A.toJson() -> string", "A.to_json() -> string", "fail() -> dyn",
                "regexReplace(string, string, string) -> string", "net.CIDR.containsCIDR(string) -> bool",
                "string(bool) -> string", "string(net.IP) -> string", "string(net.CIDR) -> string",
                "bytes(bytes) -> bytes", "int(timestamp) -> int", "int(duration) -> int",
                "duration(int) -> duration", "duration(duration) -> duration",
                "timestamp(int) -> timestamp", "timestamp(timestamp) -> timestamp",
            ] + partsOfTimes.map { "timestamp.\($0)(string) -> int" }),
        instead: [
            "jsonField": "`jsonField(text, \"name\")`", "toJson": "`toJson(x)`", "to_json": "`to_json(x)`",
            "fail": "`fail(\"why\")`", "regexReplace": "`text.regexReplace(pattern, replacement)`",
            "containsCIDR": "`containsCIDR(cidr(text))`", "cel.bind": "`x.with(name, y)`",
            "removeKeys/2": "`filterKeys(k, !(test))`", "?": "`default(a.b, x)`", "bool": "`x == \"true\"`",
            "lists.range": "a list of the numbers", "dyn": "the value alone: nothing checks types there",
        ])

    private static let partsOfTimes = [
        "getFullYear", "getMonth", "getDayOfYear", "getDayOfMonth", "getDate", "getDayOfWeek", "getHours", "getMinutes",
        "getSeconds", "getMilliseconds",
    ]

    package func has(_ form: CELSignature, of function: String) -> Bool {
        functions.contains(function) && !lackedForms.contains(form.text(of: function))
    }

    package func has(_ macro: CELMacroReference) -> Bool { macro.keys.contains(where: macros.contains) }

    /// What an expression uses that is ours, and what to write instead; nil where the original has it, too.
    func addition(in use: CELUse) -> (name: String, instead: String?)? {
        switch use.part {
        case .attribute(let path):
            guard let entry = RequestAttribute.entry(at: path), let instead = entry.ours else { return nil }
            return (path, instead)
        case .function(let name, let forms):
            guard !forms.contains(where: { has($0, of: name) }) else { return nil }
            // Of a function that is there it is the form.
            let called = functions.contains(name) ? forms.first?.text(of: name) : nil
            return (called ?? "\(name)()", instead[name])
        case .macro(let key):
            guard !macros.contains(key) else { return nil }
            let parts = key.split(separator: "/")
            let called = key == "?" ? "?" : "\(parts[0])()"
            let hasTwin = macros.contains { $0.hasPrefix("\(parts[0])/") }
            return (hasTwin ? "\(called) with \(parts[1]) arguments" : called, instead[key])
        case .typeName(let name): return (name, nil)
        }
    }
}
