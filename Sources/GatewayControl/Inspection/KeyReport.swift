package import JOSE

/// What the gateway makes of a document of keys.
package struct KeyReport: Sendable {
    package let keys: [VerificationKey]
    package let findings: [KeyFinding]

    /// Reads the document with the importer that the gateway uses.
    package init(_ document: [UInt8], options: KeyImportOptions) {
        let result = KeyImport(document, options: options)
        keys = result.keySet.keys
        findings = result.findings
    }

    package var warningCount: Int { findings.count { $0.severity == .warning } }
    package var errorCount: Int { findings.count { $0.severity == .error } }
}

extension KeyFinding {
    /// Whether the key it is about is not used.
    package var leavesKeyOut: Bool {
        guard keyIndex != nil else { return false }
        return severity == .error || Self.leavingOut.contains(code)
    }

    /// Reasons that are no fault of the document, and therefore no errors.
    private static let leavingOut: Set<Code> = [
        .unsupportedKeyType, .unsupportedCurve, .unsupportedAlgorithm, .notForSignatures, .notForVerification,
    ]
}
