import Testing

@testable import CEL

@Suite struct AbsenceTests {
    private static let environment: CELEnvironment = {
        var environment = TestEnvironment.value
        environment.declare("request.query", .map(.string, .string), id: 8)
        environment.declare("request.body", .bytes, id: 10)
        environment.declare("place.city", .string, id: 9, isOptional: true)
        environment.declare("place.tags", .map(.string, .string), id: 11, isOptional: true)
        environment.declare(
            CELFunction(
                "cookie", [CELSignature("map(string, string).(string) -> string")].compactMap { $0 },
                absence: .subject, .binary { _, _, _ in .failure(.noSuchKey) }))
        return environment
    }()

    private func absences(_ source: String, present: Set<String> = []) throws -> CELAbsences {
        CELAbsences(of: try CELParsedExpression(source, in: Self.environment), present: present)
    }

    @Test(arguments: [
        // Names and constant keys.
        ("jwt.sub == 'a'", ["jwt.sub"]),
        ("jwt['sub'] == 'a'", ["jwt['sub']"]),
        ("request.path == '/x' && request.method == 'GET'", []),
        ("request.headers['x-team'] == 'a'", ["request.headers['x-team']"]),
        ("request['headers'].host == 'a'", ["request['headers'].host"]),
        ("jwt.realm.roles.exists(r, r == 'a')", ["jwt.realm.roles"]),
        ("jwt.a == jwt.b", ["jwt.a", "jwt.b"]),
        ("jwt.a == 1 || jwt['a'] == 2", ["jwt.a"]),
        ("place.city == 'x'", ["place.city"]),
        ("place.tags.x == 'x'", ["place.tags.x"]),
        // Computed keys.
        ("jwt[request.path] == 'a'", ["jwt[request.path]"]),
        ("request.headers[request.path + 'x'] == 'a'", ["request.headers[request.path + 'x']"]),
        ("request.headers[request.query['h']] == 'a'", [#"request.headers[request.query['h']]"#]),
        ("jwt.groups[0] == 'a'", ["jwt.groups[0]"]),
        ("request.path.split('/')[2] == 'a'", ["request.path.split('/')[2]"]),
        ("{'a': 1}[jwt.plan] == 1", ["{'a': 1}[jwt.plan]"]),
        ("{'a': 1}[request.path] == 1", ["{'a': 1}[request.path]"]),
        ("{'a': 1}.a == 1 && {'a': 1}['a'] == 1 && [1, 2][1] == 2", []),
        ("[1, 2][2] == 2", ["[1, 2][2]"]),
        // What calls and macros give.
        ("request.headers.cookie('a') == 'b'", ["request.headers.cookie('a')"]),
        ("json(request.body).x == 1", ["json(request.body).x"]),
        ("json('{}').x == 1", ["json('{}').x"]),
        ("jsonField(string(request.body), 'x') == 1", ["jsonField(string(request.body), 'x')"]),
        ("request.headers.filterKeys(k, k == 'x')['x'] == 'a'", ["request.headers.filterKeys(k, k == 'x')['x']"]),
        ("request.headers.filterKeys(k, k == 'x').x == 'a'", ["request.headers.filterKeys(k, k == 'x').x"]),
        ("form.decode(string(request.body)).x == 'a'", ["form.decode(string(request.body)).x"]),
        ("{'a': jwt.x}.a == 1", ["jwt.x"]),
        ("[jwt.x] == [1]", ["jwt.x"]),
        ("jwt.?sub.value() == 'a'", ["jwt.?sub.value()"]),
        ("[1].first().value() == 1", ["[1].first().value()"]),
        ("request.path.substring(5) == 'a'", ["request.path.substring(5)"]),
        ("request.path.charAt(1) == 'a'", ["request.path.charAt(1)"]),
        ("request.path.substring(0) == 'a' && request.path.indexOf('a') == 2", []),
        ("max(jwt.list) == 2", ["max(jwt.list)"]),
        ("max(1, 2) == 2", []),
        ("request.path in jwt.paths", ["jwt.paths"]),
        ("'x'.format([jwt.a]) == 'x'", ["jwt.a"]),
        // Roots that are null where there is nothing.
        ("'admin' in jwt", ["jwt"]),
        ("size(jwt) == 2", ["jwt"]),
        ("jwt.exists(k, k == 'a')", ["jwt"]),
        ("jwt", ["jwt"]),
        ("jwt == null", []),
        ("jwt == {'a': 1} || type(jwt) == null_type || dyn(jwt) == 1", []),
        ("size(dyn(jwt)) == 1", ["dyn(jwt)"]),
        ("default(jwt.a, null).startsWith('a')", ["default(jwt.a, null)"]),
        ("(request.path == '/' ? jwt : {}).exists(k, k == 'a')", ["(request.path == '/' ? jwt : {})"]),
    ])
    func `finds reads of what may be absent`(_ source: String, _ texts: [String]) throws {
        #expect(try absences(source).reads.map(\.text) == texts)
    }

    @Test(arguments: [
        ("has(jwt.sub) && jwt.sub == 'a'", []),
        ("has(jwt.sub) && jwt['sub'] == 'a'", []),
        ("jwt.sub == 'a' && has(jwt.sub)", []),
        ("!has(jwt.sub) || jwt.sub == 'a'", []),
        ("has(jwt.sub) || jwt.sub == 'a'", ["jwt.sub"]),
        ("has(jwt.sub) ? jwt.sub == 'a' : jwt.email == 'b'", ["jwt.email"]),
        ("default(jwt.sub, '') == 'a'", []),
        ("default(jwt.sub, jwt.email) == 'a'", ["jwt.email"]),
        ("'x-team' in request.headers && request.headers['x-team'] == 'a'", []),
        ("has(jwt.realm.roles) && jwt.realm.roles.exists(r, r == 'a')", ["jwt.realm"]),
        ("has(jwt.realm) && has(jwt.realm.roles) && 'a' in jwt.realm.roles", []),
        // Neither asks for the realm: where it is absent both fail.
        ("has(jwt.realm.roles) && has(jwt.realm.name)", ["jwt.realm"]),
        ("jwt.?sub.orValue('') == 'a'", []),
        ("jwt.?a.?b.orValue('') == 'a' && jwt[?request.path].orValue('') == 'a'", []),
        ("jwt.?sub.hasValue() && jwt.?sub.value() == jwt.sub", []),
        ("jwt != null && request.path in jwt && jwt[request.path] == 'a'", []),
        ("request.path in request.headers && request.headers[request.path] == 'a'", []),
        ("jwt.a in jwt.b && jwt.b[jwt.a] == 1", ["jwt.b[jwt.a]"]),
        ("'k' in jwt.b && jwt.b.k == 1", ["jwt.b"]),
        ("default(request.headers.cookie('a'), null) != null && request.headers.cookie('a') == 'b'", []),
        (
            "default(request.headers.cookie('a'), null) != null && request.headers.cookie('b') == 'b'",
            ["request.headers.cookie('b')"]
        ),
        ("default(json(request.body).x, null) != null && json(request.body).x == json(request.body)", []),
        ("has(jwt.l) && size(jwt.l) > 1 && jwt.l[0] == jwt.l[1]", []),
        ("has(jwt.l) && jwt.l.size() >= 1 && jwt.l[1] == 1", ["jwt.l[1]"]),
        ("request.path.split('/').size() == 3 && request.path.split('/')[2] == 'a'", []),
        ("has(place.city) && place.city == 'a'", []),
        ("place.?city.hasValue() && place.city == 'a'", []),
        ("'x' in place.tags && place.tags.x == 'a'", []),
        ("jwt == null || jwt.exists(k, jwt[k] == 1)", []),
        ("request.headers.exists(k, request.headers[k] == 'a')", []),
        ("request.headers.exists(k, v, request.headers[k] == v)", []),
        ("has(jwt.l) && jwt.l.exists(i, e, jwt.l[i] == e)", []),
        ("has(jwt.l) && jwt.l.exists(i, jwt.l[i] == 1)", ["jwt.l[i]"]),
        ("has(jwt.l) && jwt.l.exists(g, has(g.name) && g.name == 'x')", []),
        ("has(jwt.l) && jwt.l.filter(g, has(g.name)).exists(g, g.name == 'x')", ["g.name"]),
        ("has(jwt.l) && jwt.l.map(g, has(g.name), g.name) == []", []),
        // A macro's variable hides what has its name.
        ("has(jwt.l) && has(jwt.name) && jwt.l.exists(jwt, jwt.name == 'x')", ["jwt.name"]),
        ("has(jwt.l) && jwt.l.exists(g, has(g.name) && has(g.l) && g.l.exists(g, g.name == 'x'))", ["g.name"]),
        // Names for values are what they name.
        ("jwt.with(j, has(jwt.sub) && j.sub == 'a')", []),
        ("jwt.with(j, has(j.sub))", ["j"]),
        ("cel.bind(ok, has(jwt.sub), ok && jwt.sub == 'a')", []),
        ("cel.bind(sub, jwt.sub, has(jwt.sub) && sub == 'a')", []),
        ("cel.bind(sub, jwt.sub, sub == 'a')", ["jwt.sub"]),
        ("random() > 0.5 && [1][int(random())] == 1", ["[1][int(random())]"]),
    ])
    func `takes as guarded only what is`(_ source: String, _ texts: [String]) throws {
        #expect(try absences(source).reads.map(\.text) == texts)
    }

    @Test(arguments: [
        ("jwt.sub == 'a'", "has(jwt.sub) && jwt.sub == 'a'"),
        ("jwt.a == 1 || jwt.b == 2", "has(jwt.a) && has(jwt.b) && (jwt.a == 1 || jwt.b == 2)"),
        ("has(jwt.a) ? jwt.b : jwt.c", "has(jwt.b) && has(jwt.c) && (has(jwt.a) ? jwt.b : jwt.c)"),
        ("jwt.realm.roles == []", "has(jwt.realm) && has(jwt.realm.roles) && jwt.realm.roles == []"),
        (
            "has(jwt.realm) && jwt.realm.roles == []",
            "has(jwt.realm.roles) && has(jwt.realm) && jwt.realm.roles == []"
        ),
        ("request.headers['x-team'] == 'a'", "'x-team' in request.headers && request.headers['x-team'] == 'a'"),
        ("request.headers.host == 'a'", "has(request.headers.host) && request.headers.host == 'a'"),
        ("jwt['a-b'].c == 1", "jwt != null && 'a-b' in jwt && has(jwt['a-b'].c) && jwt['a-b'].c == 1"),
        (
            #"request.headers[request.query["h"]] == 'a'"#,
            #""h" in request.query && request.query["h"] in request.headers"#
                + #" && request.headers[request.query["h"]] == 'a'"#
        ),
        ("jwt.l[0] == 1", "has(jwt.l) && default(jwt.l[0], null) != null && jwt.l[0] == 1"),
        (
            "json(request.body).x == 1",
            "default(json(request.body), null) != null && has(json(request.body).x) && json(request.body).x == 1"
        ),
        ("place.city == 'a'", "has(place.city) && place.city == 'a'"),
        ("'a' in jwt", "jwt != null && 'a' in jwt"),
        // What hangs on a variable cannot be asked for outside.
        (
            "has(jwt.l) && jwt.l.exists(g, g.name == 'x')",
            "default(has(jwt.l) && jwt.l.exists(g, g.name == 'x'), false)"
        ),
    ])
    func `says what to write instead`(_ source: String, _ whole: String) throws {
        let found = try absences(source)
        #expect(found.remedy?.whole == whole)
        #expect(try absences(whole).reads.isEmpty)
    }

    @Test(arguments: ["jwt.a == 1 ||\n  jwt.b == 2", "jwt.a == 1 // why"])
    func `does not put anything behind the end of a line`(_ source: String) throws {
        let remedy = try #require(try absences(source).remedy)
        #expect(remedy.whole == nil && remedy.after == ")")
        #expect(try absences(remedy.applied(to: source)).reads.isEmpty)
    }

    @Test func `what is known to be there needs no asking`() throws {
        let source = "jwt.exp > 3 && jwt['iss'] == 'a' && 'team' in jwt && jwt.team == 'a'"
        #expect(try absences(source, present: ["jwt", "jwt.exp", "jwt.iss"]).reads.isEmpty)
        #expect(try absences("jwt['a-b'] == 1", present: ["jwt"]).remedy?.whole == "'a-b' in jwt && jwt['a-b'] == 1")
        #expect(try absences("jwt.a.b == 1", present: ["jwt", "jwt.a.b"]).reads.map(\.text) == ["jwt.a.b"])
    }

    @Test func `long chains and deep nests take no time to speak of`() throws {
        let chain = (0..<1500).map { "jwt.c\($0) == 1" }.joined(separator: " && ")
        #expect(try absences(chain).reads.count == 1500)
        var nest = "jwt.x == 1"
        for level in 0..<100 { nest = "has(jwt.l\(level)) && (jwt.l\(level) == 2 || (\(nest)))" }
        #expect(try absences(nest).reads.map(\.text) == ["jwt.x"])
    }
}
