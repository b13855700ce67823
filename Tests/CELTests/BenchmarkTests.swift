import Bytes
import CEL
import Foundation
import Testing

/// Measures when `TOLLGATE_BENCH` is set; meant for a release build
/// (`swift test -c release -Xswiftc -enable-testing --filter BenchmarkTests`).
@Suite(.serialized, .enabled(if: ProcessInfo.processInfo.environment["TOLLGATE_BENCH"] != nil))
struct BenchmarkTests {
    private struct Request: CELActivation {
        let path = CELBuffer("/api/v1/items")
        let claims: JSONDocument

        func resolve(_ attribute: Int) -> CELValue {
            attribute == TestEnvironment.jwt ? CELValue(json: claims.root) : .string(path)
        }
    }

    @Test(arguments: [
        ("evaluate.goal", #"request.path.startsWith("/api") && jwt.groups.exists(g, g in ["admins", "ops"])"#),
        ("evaluate.seed", #"request.path == "/api/v1/items" && jwt.groups.contains("ops")"#),
        ("evaluate.claim", "jwt.level >= 3"),
        ("evaluate.regex", "request.path.matches('^/api/v[0-9]+/items$')"),
        ("evaluate.missing", "jwt.nope == 'x'"),
    ])
    func `evaluates`(_ name: String, _ source: String) throws {
        let json = #"""
            {"iss":"https://idp.example.com","sub":"user-1234","aud":"api","iat":1700000000,"exp":1900000000,
            "jti":"b1f2","scope":"read write","email":"a@example.com","groups":["users","ops"],"level":3}
            """#
        let request = Request(claims: try JSONDocument(parsing: json))
        let program = try CELProgram(source, environment: TestEnvironment.value)
        let rounds = 200_000
        var held = 0
        let best = (0..<5).map { _ in
            ContinuousClock().measure {
                for _ in 0..<rounds where program.evaluate(request).isTrue { held += 1 }
            }
        }.min()
        print("\(name): \((best ?? .zero) / rounds) per evaluation, held \(held > 0)")
    }

    @Test(arguments: [
        ("compile.goal", #"request.path.startsWith("/api/#") && jwt.groups.exists(g, g in ["admins", "ops#"])"#),
        ("compile.seed", ##"request.path == "/admin#" && jwt.groups.contains("admins")"##),
        ("compile.regex", "request.path.matches('^/api/v[0-9]+/items#/.*$')"),
    ])
    func `compiles ten thousand rules`(_ name: String, _ pattern: String) throws {
        let sources = (0..<10_000).map { pattern.replacing("#", with: "\($0)") }
        let time = try ContinuousClock().measure {
            for source in sources { _ = try CELProgram(source, environment: TestEnvironment.value) }
        }
        print("\(name): \(time) for ten thousand rules")
    }
}
