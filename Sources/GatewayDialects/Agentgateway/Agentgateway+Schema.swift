extension AgentgatewayDialect {
    /// The objects of the dialect, each with the definition of agentgateway's JSON Schema it stands
    /// for (the empty name is the document itself).
    ///
    /// A test holds the one against the other, so that no field of theirs is taken for unknown.
    package static let shapesByDefinition: [(shape: ObjectShape, definition: String)] = [
        (AgentgatewayShapes.document, ""),
        (AgentgatewayShapes.config, "RawConfig"),
        (AgentgatewayShapes.gateway, "LocalGateway"),
        (AgentgatewayShapes.gatewayListener, "LocalGatewayListener"),
        (AgentgatewayShapes.attachedRoute, "LocalAttachedRoute"),
        (AgentgatewayShapes.namedBackend, "FullLocalBackend"),
        (AgentgatewayShapes.bind, "LocalBind"),
        (AgentgatewayShapes.listener, "LocalListener"),
        (AgentgatewayShapes.gatewayPolicies, "LocalGatewayPolicy"),
        (AgentgatewayShapes.route, "LocalRoute"),
        (AgentgatewayShapes.match, "RouteMatch"),
        (AgentgatewayShapes.pathMatch, "PathMatch"),
        (AgentgatewayShapes.headerMatch, "HeaderMatch"),
        (AgentgatewayShapes.valueMatch, "HeaderValueMatch"),
        (AgentgatewayShapes.queryMatch, "QueryMatch"),
        (AgentgatewayShapes.valueMatch, "QueryValueMatch"),
        (AgentgatewayShapes.routePolicies, "FilterOrPolicy"),
        (AgentgatewayShapes.backend, "LocalRouteBackend"),
        (AgentgatewayShapes.backendPolicies, "LocalBackendPolicies"),
        (AgentgatewayShapes.headerModifier, "HeaderModifier"),
        (AgentgatewayShapes.jwtProvider, "ProviderConfig"),
        (AgentgatewayShapes.tokenLocation, "AuthorizationLocation"),
        (AgentgatewayShapes.keySet, "FileInlineOrRemote"),
        (AgentgatewayShapes.jwtValidationOptions, "JWTValidationOptions"),
        (AgentgatewayShapes.authorization, "RuleSet"),
        (AgentgatewayShapes.apiKeys, "LocalAPIKeys"),
        (AgentgatewayShapes.apiKey, "LocalAPIKey"),
        (AgentgatewayShapes.targetedPolicy, "LocalPolicy"),
        (AgentgatewayShapes.resourceName, "ResourceName"),
        (AgentgatewayShapes.policyTarget, "PolicyTarget"),
        (AgentgatewayShapes.gatewayTarget, "ListenerTarget"),
        (AgentgatewayShapes.routeTarget, "RouteName"),
    ]
}
