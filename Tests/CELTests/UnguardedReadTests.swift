import Testing

@testable import CEL

@Suite struct UnguardedReadTests {
    @Test(arguments: [
        ("jwt.sub == 'a'", ["jwt.sub"]),
        ("has(jwt.sub) && jwt.sub == 'a'", []),
        ("jwt.sub == 'a' && has(jwt.sub)", []),
        ("!has(jwt.sub) || jwt.sub == 'a'", []),
        ("has(jwt.sub) || jwt.sub == 'a'", ["jwt.sub"]),
        ("has(jwt.sub) ? jwt.sub == 'a' : jwt.email == 'b'", ["jwt.email"]),
        ("default(jwt.sub, '') == 'a'", []),
        ("default(jwt.sub, jwt.email) == 'a'", ["jwt.email"]),
        ("request.path == '/x' && request.method == 'GET'", []),
        ("request.headers['x-team'] == 'a'", ["request.headers.x-team"]),
        ("'x-team' in request.headers && request.headers['x-team'] == 'a'", []),
        ("jwt.realm.roles.exists(r, r == 'a')", ["jwt.realm.roles"]),
        ("has(jwt.realm.roles) && jwt.realm.roles.exists(r, r == 'a')", ["jwt.realm"]),
        ("has(jwt.realm) && has(jwt.realm.roles) && 'a' in jwt.realm.roles", []),
        ("jwt.?sub.orValue('') == 'a'", []),
        ("jwt == null", []),
        ("jwt.a == jwt.b", ["jwt.a", "jwt.b"]),
    ])
    func `finds reads of what may be absent`(_ source: String, _ paths: [String]) throws {
        let reads = try CELUnguardedRead.find(in: source, environment: TestEnvironment.value)
        #expect(reads.map(\.path) == paths)
    }
}
