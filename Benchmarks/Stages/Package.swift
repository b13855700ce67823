// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that the gateway does not depend on the benchmark library. The folders of `Sources` are
// links to the gateway's own, compiled here as a part of this package with the settings they have there: so the
// benchmarks see what is `package`, and the gateway need not publish anything for them.

let common: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableExperimentalFeature("Lifetimes"),
]
let lowerRing: [SwiftSetting] = common + [.strictMemorySafety()]

let package = Package(
    name: "stages",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        // Without its own counter of allocations, which this toolchain cannot build: CAllocations counts.
        .package(url: "https://github.com/ordo-one/benchmark", exact: "1.38.1", traits: []),
    ],
    targets: [
        .target(name: "Bytes", swiftSettings: lowerRing),
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
        .target(
            name: "GatewayEngine",
            dependencies: ["Bytes", "HTTPWire", "CEL", "JOSE", "Passwords", "GatewayModel"],
            swiftSettings: lowerRing
        ),
        .target(name: "CAllocations"),
        .executableTarget(
            name: "Stages",
            dependencies: [
                "Bytes", "HTTPWire", "CEL", "JOSE", "GatewayModel", "GatewayEngine", "CAllocations",
                .product(name: "Benchmark", package: "benchmark"),
            ],
            path: "Benchmarks/Stages",
            swiftSettings: common,
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]
        ),
    ],
    swiftLanguageModes: [.v6]
)
