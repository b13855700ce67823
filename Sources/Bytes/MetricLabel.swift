extension String {
    /// As the value of a label in Prometheus' text exposition format 0.0.4, without the quotes.
    package var asLabelValue: String {
        var text = ""
        for character in unicodeScalars {
            switch character {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.unicodeScalars.append(character)
            }
        }
        return text
    }
}
