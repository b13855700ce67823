import GatewayModel

extension AgentgatewayShapes {
    private static let rateLimitFields: [FieldShape] = [
        .required("maxTokens", .integer(1...maxTokens), "What the bucket holds, and begins with."),
        .required(
            "tokensPerFill", .integer(1...maxTokens),
            "Tokens that come in at the end of each interval, as far as there is room."),
        .required("fillInterval", .duration, "From one filling to the next, such as 1s or 1m."),
        .optional(
            "type", .choice(["requests"], notOffered: ["tokens"]), "What takes a token: a request. Default: requests."),
        .ours(
            "key", .string,
            "A CEL expression: there is a bucket for each of its values, such as `jwt.sub` or `source.address`. "
                + "Requests for which it has none share one. Default: one bucket for all."),
        .ours(
            "maxKeys", .integer(8...1_048_576),
            "Buckets that can be had at least. Where more are wanted, a new key gets a full one in place of the fullest "
                + "it finds: whoever can invent more keys than that is not held up. Default: 65536, for which 1.2 MiB "
                + "are taken as keys come."),
    ]

    private static let maxTokens = 100_000_000

    static let rateLimit = ObjectShape(
        "a rate limit", rateLimitFields)

    static let conditionalRateLimit = ObjectShape(
        "a conditional rate limit", [condition] + rateLimitFields)

    static let conditionalRateLimits = ObjectShape(
        "conditional rate limits",
        [
            .required(
                "conditional", .list(of: .object(conditionalRateLimit)),
                "Limits of which the first one counts whose condition holds.")
        ])

    /// Of one of several policies.
    static let condition = FieldShape.optional(
        "condition", .string,
        "A CEL expression: the policy holds where it is true and no policy before it holds. One that cannot be "
            + "evaluated is not true. Default: always, for the last one only.")
}

extension AgentgatewayDecoder {
    func rateLimit(_ entry: DocumentEntry) -> LocalRateLimit? {
        guard !entry.isConditional else {
            let shape = AgentgatewayShapes.conditionalRateLimits
            return MappingReader(entry.value, shape, introducedAt: entry.keyProvenance, findings: findings)
                .map {
                    LocalRateLimit(
                        limits: conditional($0, AgentgatewayShapes.conditionalRateLimit, rateLimit), isFirstMatch: true)
                }
        }
        guard let items = entry.value.items(findings) else { return nil }
        if items.isEmpty {
            findings.error(
                "list_empty", "`\(entry.key)` has no limit", at: entry.keyProvenance, hint: "add one, or remove it")
        }
        let limits = items.compactMap { item in
            MappingReader(item, AgentgatewayShapes.rateLimit, introducedAt: item.provenance, findings: findings)
                .flatMap(rateLimit)
        }
        return LocalRateLimit(limits: limits, isFirstMatch: false)
    }

    /// The policies of a list of which the first one holds whose condition does.
    func conditional<Value>(_ reader: MappingReader, _ shape: ObjectShape, _ decode: (MappingReader) -> Value?)
        -> [Value]
    {
        guard
            let readers = reader.nonEmptyItems("conditional")?.map({ item in
                (item, MappingReader(item, shape, introducedAt: item.provenance, findings: findings))
            })
        else { return [] }
        if readers.count > 64 {
            findings.error("too_many", "there are more than 64 conditional policies", at: reader.place)
        }
        return readers.enumerated().compactMap { number, pair in
            guard let policy = pair.1 else { return nil }
            if number < readers.count - 1, !policy.has("condition") {
                findings.error(
                    "condition_missing", "those behind the first policy without a condition never hold",
                    at: pair.0.provenance, hint: "add a `condition`, or put it last")
            }
            return decode(policy)
        }
    }

    func condition(_ reader: MappingReader) -> Expression? { expression("condition", reader) }

    func expression(_ name: String, _ reader: MappingReader) -> Expression? {
        guard reader.shape.field(name) != nil, let node = reader.node(name), let text = node.text(findings) else {
            return nil
        }
        return Expression(text, at: node.provenance)
    }

    private func rateLimit(_ reader: MappingReader) -> RateLimit? {
        _ = reader.choice("type")
        let key = expression("key", reader)
        if reader.has("maxKeys"), key == nil, let place = reader.entry("maxKeys")?.keyProvenance {
            findings.error("field_unused", "`maxKeys` is of no use without `key`", at: place, hint: "remove it")
        }
        let maxKeys = reader.integer("maxKeys") ?? RateLimit.defaultMaxKeys
        let (maxTokens, perFill) = (reader.integer("maxTokens"), reader.integer("tokensPerFill"))
        let interval = reader.duration("fillInterval")
        if let interval, interval < .milliseconds(1) || interval > .seconds(86400),
            let place = reader.node("fillInterval")?.provenance
        {
            findings.error("out_of_range", "`fillInterval` has to be between 1ms and 24h", at: place)
            return nil
        }
        guard let maxTokens, let perFill, let interval else { return nil }
        if perFill > maxTokens, let place = reader.node("tokensPerFill")?.provenance {
            findings.warning(
                "fill_overflows", "the bucket holds \(maxTokens): of \(perFill) that come in the others are lost",
                at: place, hint: "raise `maxTokens`, or lower this to it")
        }
        return RateLimit(
            maxTokens: maxTokens, tokensPerFill: perFill, fillInterval: interval, key: key, maxKeys: maxKeys,
            condition: condition(reader))
    }
}
