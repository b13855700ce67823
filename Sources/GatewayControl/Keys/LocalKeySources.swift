internal import GatewayModel
package import JOSE
internal import Synchronization

/// Keys of an issuer that stand in the configuration, or in a file that it names.
package struct LocalKeySource: Sendable {
    package enum Place: Hashable, Sendable {
        case file(String)
        /// Document, line and column.
        case inline(String)
    }

    package var place: Place
    package var issuers: [String]
    package var keys: [VerificationKey]
}

/// The local key sources of the configuration that is served, for whoever asks how keys stand.
package final class LocalKeySources: Sendable {
    private let sources = Mutex<[LocalKeySource]>([])

    package init() {}

    /// In the order of the configuration.
    package var all: [LocalKeySource] { sources.withLock { $0 } }

    func use(_ file: ConfigurationFile) {
        let sources = file.localKeySources
        self.sources.withLock { $0 = sources }
    }
}
