// swift-tools-version: 6.2
import PackageDescription

/// Settings of every target of ours.
let common: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableExperimentalFeature("Lifetimes"),
]

/// The rings that read hostile bytes also name every unsafe construct.
let lowerRing: [SwiftSetting] = common + [.strictMemorySafety()]

/// The transport's objects are touched by one event loop each. Its debug builds, which the tests run, check
/// that no access overlaps another; its release builds leave the check out (Docs/Decisions/0010).
let transport: [SwiftSetting] =
    common + [.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))]

/// What Fuzz/run links with the fuzzer, which brings its own `main`; nobody else needs so large an archive.
let fuzzing: [Product] =
    Context.environment["TOLLGATE_FUZZ"] == nil
    ? [] : [.library(name: "FuzzTargets", type: .static, targets: ["FuzzTargets"])]

// The rings, innermost first. Dependencies point down only; `make check` enforces it.
let package = Package(
    name: "tollgate",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "tollgate", targets: ["tollgate"])
    ] + fuzzing,
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/apple/swift-nio-http2", exact: "1.46.0"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        // Without its traits, the first of which is the whole of Foundation.
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    ],
    targets: [
        // Ring 0
        .target(name: "Bytes", swiftSettings: lowerRing),

        // Ring 1
        .target(name: "HTTPWire", dependencies: ["Bytes"], swiftSettings: lowerRing),
        .target(name: "CEL", dependencies: ["Bytes"], swiftSettings: lowerRing),
        .target(
            name: "JOSE",
            dependencies: [
                "Bytes",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
            ],
            swiftSettings: lowerRing
        ),
        .target(
            name: "Passwords", dependencies: ["Bytes", .product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: lowerRing),
        .target(name: "GatewayModel", dependencies: ["Bytes"], swiftSettings: lowerRing),

        // Ring 2
        .target(
            name: "GatewayEngine",
            dependencies: ["Bytes", "HTTPWire", "CEL", "JOSE", "Passwords", "GatewayModel"],
            swiftSettings: lowerRing
        ),
        .target(
            name: "GatewayDialects",
            dependencies: ["Bytes", "GatewayModel", .product(name: "Yams", package: "Yams")],
            swiftSettings: common
        ),

        // Ring 3
        .systemLibrary(name: "CEpoll"),
        .systemLibrary(name: "CMalloc"),
        .target(
            name: "GatewayTransport",
            dependencies: [
                "CEpoll", "Bytes", "HTTPWire", "GatewayModel", "GatewayEngine",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "NIOHPACK", package: "swift-nio-http2"),
                .product(name: "NIOHTTP2", package: "swift-nio-http2"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: transport
        ),
        .target(
            name: "KeyFetching",
            dependencies: [
                "Bytes", "GatewayModel",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: common
        ),
        .target(
            name: "GatewayControl",
            dependencies: [
                "CMalloc", "Bytes", "JOSE", "GatewayModel", "GatewayDialects", "GatewayEngine",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: common
        ),

        .target(
            name: "GatewayStore",
            dependencies: [
                "Bytes", .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: common
        ),

        // Ring 4
        .target(
            name: "GatewayAdmin",
            dependencies: [
                "Bytes", "JOSE", "GatewayModel", "GatewayDialects", "GatewayEngine", "GatewayControl", "GatewayStore",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: common
        ),

        // Ring 5
        .executableTarget(
            name: "tollgate",
            dependencies: [
                "Bytes", "JOSE", "CEL", "GatewayModel", "GatewayEngine", "GatewayDialects",
                "GatewayTransport", "GatewayControl", "KeyFetching", "GatewayStore", "GatewayAdmin",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: common
        ),

        // What fuzzers feed; the tests replay it.
        .target(
            name: "FuzzTargets", dependencies: ["Bytes", "HTTPWire", "JOSE", "CEL"], path: "Fuzz/Targets",
            swiftSettings: common
        ),
        .testTarget(name: "FuzzTests", dependencies: ["FuzzTargets"], swiftSettings: common),

        .testTarget(name: "BytesTests", dependencies: ["Bytes"], swiftSettings: common),
        .testTarget(name: "HTTPWireTests", dependencies: ["HTTPWire", "Bytes"], swiftSettings: common),
        .testTarget(name: "CELTests", dependencies: ["CEL", "Bytes"], swiftSettings: common),
        .testTarget(name: "JOSETests", dependencies: ["JOSE", "Bytes"], swiftSettings: common),
        .testTarget(
            name: "GatewayDialectsTests",
            dependencies: [
                "GatewayControl", "GatewayDialects", "GatewayEngine", "GatewayModel", "HTTPWire", "Bytes",
            ],
            exclude: ["Fixtures"],
            swiftSettings: common
        ),
        .testTarget(
            name: "GatewayEngineTests",
            dependencies: ["GatewayEngine", "GatewayModel", "HTTPWire", "JOSE", "Passwords", "Bytes"],
            swiftSettings: common
        ),
        .testTarget(
            name: "KeySourceTests",
            dependencies: ["GatewayControl", "GatewayEngine", "GatewayModel", "KeyFetching", "JOSE", "Bytes"],
            swiftSettings: common
        ),
        .testTarget(
            name: "GatewayStoreTests",
            dependencies: ["GatewayStore", .product(name: "GRDB", package: "GRDB.swift")],
            swiftSettings: common
        ),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "tollgate", "GatewayStore", "JOSE", "Bytes",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHPACK", package: "swift-nio-http2"),
            ],
            swiftSettings: common
        ),
    ],
    swiftLanguageModes: [.v6]
)

// What `Benchmarks/Expressions/run` starts; nobody else builds it.
if Context.environment["TOLLGATE_BENCHMARKS"] != nil {
    package.targets.append(
        .executableTarget(
            name: "ExpressionBenchmark", dependencies: ["CEL", "Bytes"], path: "Benchmarks/Expressions/Sources",
            swiftSettings: common))
}
