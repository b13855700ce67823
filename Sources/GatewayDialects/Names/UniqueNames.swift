/// Gives out names that are unique among all it gave out.
struct UniqueNames {
    private var taken: Set<String> = []

    /// The name itself, or the name with the first free number behind it.
    mutating func unique(_ name: String) -> String {
        var candidate = name
        var number = 2
        while !taken.insert(candidate).inserted {
            candidate = "\(name)#\(number)"
            number += 1
        }
        return candidate
    }
}
