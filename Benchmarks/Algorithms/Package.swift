// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that the gateway does not depend on jwt-kit. `Sources/Bytes` and `Sources/JOSE` are
// links to the gateway's own folders: compiled here as a part of this package, with the settings they have there,
// they show it what is `package` and the gateway need not publish anything for a benchmark.

let common: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableExperimentalFeature("Lifetimes"),
]

let package = Package(
    name: "algorithms",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/vapor/jwt-kit", exact: "5.7.1"),
    ],
    targets: [
        .target(name: "Bytes", swiftSettings: common + [.strictMemorySafety()]),
        .target(
            name: "JOSE",
            dependencies: [
                "Bytes",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
            ],
            swiftSettings: common + [.strictMemorySafety()]
        ),
        .executableTarget(
            name: "Algorithms",
            dependencies: ["Bytes", "JOSE", .product(name: "JWTKit", package: "jwt-kit")],
            swiftSettings: common
        ),
    ],
    swiftLanguageModes: [.v6]
)
