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

    @Test(arguments: [
        ("jwt.sub == 'a'", "has(jwt.sub)"),
        ("jwt.realm.roles == []", "has(jwt.realm) && has(jwt.realm.roles)"),
        ("has(jwt.realm) && jwt.realm.roles == []", "has(jwt.realm.roles)"),
        ("request.headers['x-team'] == 'a'", #""x-team" in request.headers"#),
        ("request.headers.host == 'a'", "has(request.headers.host)"),
        ("jwt['a-b'].c == 'a'", #"jwt != null && "a-b" in jwt && has(jwt["a-b"].c)"#),
        ("jwt != null && jwt.all(name, jwt[name].deep == 1)", ""),
        ("jwt.with(j, j.sub == 'a')", ""),
        ("optional.member == 1", "has(optional.member)"),
    ])
    func `says how to ask first`(_ source: String, _ test: String) throws {
        var environment = TestEnvironment.value
        environment.declare("optional.member", .int, id: 9, isOptional: true)
        let reads = try CELUnguardedRead.find(in: source, environment: environment)
        #expect(reads.first?.presenceTest ?? "" == test)
    }
}
