internal import ArgumentParser
internal import Bytes

/// `name=value`, the value JSON where it reads as JSON and a string otherwise.
struct MemberArgument: ExpressibleByArgument {
    let name: String
    let json: [UInt8]

    init?(argument: String) {
        guard let separator = argument.firstIndex(of: "="), separator > argument.startIndex else { return nil }
        name = String(argument[..<separator])
        let value = Array(argument[argument.index(after: separator)...].utf8)
        if (try? JSONDocument(parsing: value, limits: .token)) != nil {
            json = value
        } else {
            var text: [UInt8] = []
            JSONString.write(value.span, to: &text)
            json = text
        }
    }
}
