internal import ArgumentParser
internal import JOSE

/// A signature algorithm on the command line, by its JOSE name.
struct AlgorithmArgument: ExpressibleByArgument {
    let algorithm: SignatureAlgorithm

    init?(argument: String) {
        // JOSE names are case-sensitive; on a command line nothing is lost by being kind.
        let known = SignatureAlgorithm.allCases.first { "\($0)".lowercased() == argument.lowercased() }
        guard let known else { return nil }
        algorithm = known
    }

    static var allValueStrings: [String] { SignatureAlgorithm.allCases.map { "\($0)" } }
    var defaultValueDescription: String { "\(algorithm)" }
}
