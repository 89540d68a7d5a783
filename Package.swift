// swift-tools-version: 6.1
import PackageDescription

// One target a folder, from the lowest floor to the highest (docs/architecture.md). Every library target below the processes is a product.

func part(_ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = []) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(name: "\(name)Tests", dependencies: [.byName(name: name)] + dependencies)
}

func nio(_ product: String) -> Target.Dependency { .product(name: product, package: "swift-nio") }

let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")

let package = Package(
    name: "kindred",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // system
        .systemLibrary(
            name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"]), .brew(["libsodium"])]),
        .systemLibrary(
            name: "CSecp256k1", pkgConfig: "libsecp256k1",
            providers: [.apt(["libsecp256k1-dev"]), .brew(["secp256k1"])]),
        // primitives
        part("KinEncoding"),
        part("KinCrypto", ["CSodium", "CSecp256k1", crypto]),
        part("KinSQLite", [grdb]),
        part("KinLog", ["KinEncoding", logging]),
        part(
            "KinWebSocket",
            [
                nio("NIOCore"), nio("NIOPosix"), nio("NIOConcurrencyHelpers"), nio("NIOHTTP1"), nio("NIOTLS"),
                nio("NIOWebSocket"), nioSSL,
            ]),
        // wire, identity, keys, sessions
        part("KinWire", ["KinEncoding"]),
        part("KinIdentity", ["KinWire", "KinCrypto", "KinEncoding"]),
        part("KinVault", ["KinIdentity", "KinWire", "KinCrypto", "KinEncoding"]),
        part("KinSession", ["KinIdentity", "KinWire", "KinCrypto", "KinEncoding"]),
        // clients
        part("KinMailbox", ["KinSQLite", "KinWire", "KinEncoding", grdb]),
        part(
            "KinDaemonAPI",
            ["KinWire", "KinEncoding", nio("NIOCore"), nio("NIOHTTP1"), asyncHTTPClient]),
        part(
            "KinClient",
            [
                "KinCrypto", "KinEncoding", "KinIdentity", "KinSession", "KinWebSocket", "KinWire", asyncHTTPClient,
                nio("NIOCore"), nio("NIOHTTP1"), nioSSL,
            ]),
        // services
        part("KinRelay", ["KinWire", "KinEncoding"]),
        part("KinBroker", ["KinWire", "KinEncoding"]),
        part("KinBrokerSQLite", ["KinBroker", "KinSQLite", "KinWire", "KinEncoding", grdb]),
        // processes
        part(
            "KinServer",
            [
                "KinBroker", "KinBrokerSQLite", "KinCrypto", "KinEncoding", "KinIdentity", "KinRelay", "KinSQLite",
                "KinWebSocket", "KinWire", hummingbird, lifecycle, logging, nio("NIOCore"), nio("NIOPosix"),
                nio("NIOConcurrencyHelpers"), nio("NIOHTTP1"), nio("NIOWebSocket"), nioSSL,
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "X509", package: "swift-certificates"),
            ]),
        part(
            "KinDaemon",
            [
                "KinClient", "KinCrypto", "KinDaemonAPI", "KinEncoding", "KinIdentity", "KinMailbox", "KinSession",
                "KinWebSocket", "KinWire", asyncHTTPClient, hummingbird, lifecycle, logging, nio("NIOCore"),
                nio("NIOPosix"), nioSSL, .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "TOMLKit", package: "TOMLKit"),
            ]),
    ]
)
