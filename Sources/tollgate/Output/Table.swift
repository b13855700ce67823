internal import Bytes

/// Rows under headings, each column as wide as its widest cell.
struct Table {
    private var rows: [[String]]

    init(_ headings: [String]) {
        rows = [headings]
    }

    /// Adds a row; what could steer a terminal is escaped.
    mutating func add(_ cells: [String]) {
        rows.append(cells.map(TerminalText.line))
    }

    /// The lines, each ended by a line break.
    var rendered: String {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            var line = cells.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
    }
}
