/// Something an operator should know about imported keys.
package struct KeyFinding: Sendable, Equatable {
    package enum Severity: UInt8, Sendable, Comparable {
        /// As it should be, but worth a line.
        case note
        /// Somebody should look at it. The key works, unless it is of a kind that is not offered.
        case warning
        /// The key, or the whole document, is not used.
        case error

        package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    }

    package let severity: Severity
    package let code: Code
    /// Position of the key in its document, from 0; nil for the document as a whole.
    package let keyIndex: Int?
    /// The key's name as text, for people.
    package let kid: String?
    /// One sentence; never holds key material.
    package let message: String

    /// What was found: a closed list, in snake_case where it is shown.
    package enum Code: String, Sendable, CaseIterable {
        // The document
        case emptyDocument = "empty_document"
        case notJSON = "not_json"
        case notAKeySet = "not_a_key_set"
        case badPEM = "bad_pem"
        case badDER = "bad_der"
        case noUsableKey = "no_usable_key"
        case tooManyKeys = "too_many_keys"
        case tooManyFindings = "too_many_findings"
        case secretBesidePublicKeys = "secret_beside_public_keys"
        // Repairs
        case controlCharactersRemoved = "control_characters_removed"
        case lineBreaksRestored = "line_breaks_restored"
        case whitespaceRemoved = "whitespace_removed"
        case standardBase64Translated = "standard_base64_translated"
        case paddingRemoved = "padding_removed"
        case leadingZeroRemoved = "leading_zero_removed"
        case privateMembersDropped = "private_members_dropped"
        case keysMemberMissing = "keys_member_missing"
        case certificateRead = "certificate_read"
        case certificateUnreadable = "certificate_unreadable"
        // Keys that are left out
        case keyNotAnObject = "key_not_an_object"
        case memberMissing = "member_missing"
        case memberMalformed = "member_malformed"
        case unsupportedKeyType = "unsupported_key_type"
        case unsupportedCurve = "unsupported_curve"
        case unsupportedAlgorithm = "unsupported_algorithm"
        case certificateMismatch = "certificate_mismatch"
        case algorithmMismatch = "algorithm_mismatch"
        case notForSignatures = "not_for_signatures"
        case notForVerification = "not_for_verification"
        case notAKey = "not_a_key"
        case weakKey = "weak_key"
        case keyTooLarge = "key_too_large"
        case privateKeyRefused = "private_key_refused"
        case secretNotAdmitted = "secret_not_admitted"
        case secretIsKeyText = "secret_is_key_text"
        // Keys that are kept
        case weakKeyAdmitted = "weak_key_admitted"
        case secretRepeats = "secret_repeats"
        case sampleKey = "sample_key"
        case duplicateKid = "duplicate_kid"
        case duplicateKey = "duplicate_key"
        case kidMalformed = "kid_malformed"
    }
}
