internal import Bytes
internal import JOSE
internal import JWTKit

/// What a service wants to know of a token, typed.
struct Claims: JWTPayload, Equatable {
    var iss: String
    var sub: String
    var aud: [String]
    var exp: Int64
    var iat: Int64
    var scope: String
    var groups: [String]

    static let issuer = "https://issuer.test"
    static let audience = "api"

    /// The time both sides take for now; the tokens live from a minute before to ten minutes after.
    static let now = Int64(systemSeconds())

    /// What jwt-kit leaves to its user: the same checks that Tollgate makes of these claims.
    func verify(using _: some JWTAlgorithm) async throws {
        guard iss == Self.issuer, aud.contains(Self.audience), exp > Self.now else { throw Refused() }
    }

    struct Refused: Error {}

    /// Reads them from what Tollgate's verifier gives out, in one pass.
    init(_ token: VerifiedToken) throws {
        guard let exp = token.expiresAt, let iat = token.issuedAt else { throw Refused() }
        var (iss, sub, aud, scope, groups): (String?, String?, [String]?, String?, [String]?)
        let claims = token.claims
        claims.forEachRootMember { name, value in
            if name.equals("iss") {
                iss = claims.value(at: value).string
            } else if name.equals("sub") {
                sub = claims.value(at: value).string
            } else if name.equals("aud") {
                aud = claims.value(at: value).elements.compactMap(\.string)
            } else if name.equals("scope") {
                scope = claims.value(at: value).string
            } else if name.equals("groups") {
                groups = claims.value(at: value).elements.compactMap(\.string)
            }
        }
        guard let iss, let sub, let aud, let scope, let groups else { throw Refused() }
        (self.iss, self.sub, self.aud, self.scope, self.groups) = (iss, sub, aud, scope, groups)
        self.exp = exp
        self.iat = iat
    }

    /// The payload of a token, its groups filled up with letters to a length.
    static func payload(paddedBy count: Int) -> String {
        let names = ["orders-readers", "orders-writers", "billing", "support", "eu-central"]
        let groups = (names + [String(repeating: "g", count: count)]).map { "\"\($0)\"" }.joined(separator: ",")
        return #"{"iss":"\#(issuer)","sub":"248289761001","aud":["\#(audience)","web"],"exp":\#(now + 600),"#
            + #""iat":\#(now - 60),"jti":"7d9ed5a2-2f50-4b6c-9d0e-4c8e3cbb0f7e","scope":"openid profile orders:read","#
            + #""groups":[\#(groups)]}"#
    }
}
