internal import Bytes
internal import CEL
internal import GatewayModel
internal import HTTPWire

extension Compiler {
    /// Whether the header may be written, both ways.
    mutating func checkRequestID(_ policy: Policy) {
        guard case .requestID(let policy) = policy else { return }
        for policy in policy.others + [policy] {
            _ = check(fieldName: policy.header, of: .identity, at: policy.provenance)
        }
    }

    mutating func refusalForm(_ index: Int) -> CompiledRefusalForm? {
        if let known = refusalForms[index] { return known }
        guard case .refusals(let form) = configuration.attachments[index].policy else { return nil }
        let compiled: CompiledRefusalForm? =
            if let body = form.body {
                template(body).map { CompiledRefusalForm(style: form.style, template: $0) }
            } else {
                .standard(form.style)
            }
        refusalForms[index] = compiled
        return compiled
    }

    /// Nil where it is none, or its file could not be read; either has been reported.
    private mutating func template(_ body: RefusalForm.Body) -> RefusalTemplate? {
        guard body.contentType.utf8.allSatisfy(\.isFieldValueByte),
            let escaping = RefusalTemplate.Escaping(contentType: body.contentType)
        else {
            report(
                Diagnostic(
                    .error, "content_type_not_offered",
                    "`\(body.contentType)` is no media type that values can be made safe for",
                    at: body.contentTypePlace,
                    hint: "it may be text/plain, text/html, application/json, application/xml, or one that ends in "
                        + "`+json` or `+xml`"))
            return nil
        }
        guard let text = content(of: body.template) else { return nil }
        do {
            return try RefusalTemplate(text, contentType: body.contentType, escaping: escaping)
        } catch {
            report(diagnostic(error, at: body.template.provenance))
            return nil
        }
    }

    private func diagnostic(_ failure: RefusalTemplate.Failure, at place: Provenance) -> Diagnostic {
        let names = RefusalTemplate.Placeholder.allCases.map(\.rawValue)
        switch failure {
        case .tooLong:
            return Diagnostic(
                .error, "template_too_large", "the body of refusals has more than \(RefusalTemplate.maxBytes) bytes",
                at: place, hint: "shorten it, or let it refer to what it shows")
        case .unended(let line):
            return Diagnostic(
                .error, "template_invalid", "a placeholder has no end: `{{` on line \(line) of the body", at: place,
                hint: "a placeholder is `{{code}}`; two braces in a row begin one")
        case .unknown(let name):
            let choice = names.map { "`\($0)`" }.joined(separator: ", ")
            return Diagnostic(
                .error, "placeholder_unknown", "there is no `{{\(name)}}` to say of a refusal", at: place,
                hint: Suggestion.nearest(to: name, among: names).map { "did you mean `{{\($0)}}`?" }
                    ?? "there are \(choice)")
        case .notJSON:
            return Diagnostic(
                .error, "template_invalid", "the body of refusals is no JSON, as its content type says it is",
                at: place, hint: "placeholders stand inside of strings; `{{status}}` may stand for a number")
        }
    }
}
