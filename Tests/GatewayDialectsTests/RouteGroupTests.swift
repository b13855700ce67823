import GatewayDialects
import GatewayModel
import Testing

@Suite struct `Route groups` {
    /// Each group leads twice to the next one.
    private static func doubling(_ count: Int) -> String {
        let groups = (0..<count).map { number in
            """
            - name: group\(number)
              routes:
              - matches: [{path: {pathPrefix: /a}}]
                backends: [{routeGroup: group\(number + 1)}]
              - backends: [{routeGroup: group\(number + 1)}]
            """
        }
        return """
            routeGroups:
            \(groups.joined(separator: "\n"))
            - name: group\(count)
              routes: [{policies: {directResponse: {status: 200}}}]
            gateways: {default: {port: 3000}}
            routes:
            - backends: [{routeGroup: group0}]
            """
    }

    @Test(arguments: [(5, false), (30, true)])
    func `are refused where they come to more routes than anybody could have meant`(
        _ depth: Int, _ isTooLarge: Bool
    ) throws {
        let (configuration, diagnostics) = AgentgatewayDialect.decode(
            text: Self.doubling(depth), documentName: "file", environment: [:])
        #expect(diagnostics.map(\.code) == (isTooLarge ? ["route_groups_too_large"] : []))
        // Each of them, what they all lead to, and the first.
        let routes = try #require(configuration).binds[0].listeners[0].routes
        if !isTooLarge { #expect(routes.count == 62 + 32 + 1) }
    }
}
