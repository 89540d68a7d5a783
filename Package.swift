// swift-tools-version: 6.2
import PackageDescription

// One target a folder, from the lowest floor to the highest (docs/architecture.md). Every library target below the processes is a product.

// `make test` builds with WARNINGS=errors; a dependency's warnings are never ours.
let settings: [SwiftSetting] = Context.environment["WARNINGS"] == "errors" ? [.treatAllWarnings(as: .error)] : []

func part(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.byName(name: name), "KinTesting"] + dependencies, swiftSettings: settings)
}

func product(_ name: String, _ package: String) -> Target.Dependency { .product(name: name, package: package) }

func nio(_ name: String) -> Target.Dependency { product(name, "swift-nio") }

let argumentParser = product("ArgumentParser", "swift-argument-parser")
let asyncHTTPClient = product("AsyncHTTPClient", "async-http-client")
let crypto = product("Crypto", "swift-crypto")
let grdb = product("GRDB", "GRDB.swift")
let grdbSQLite = product("GRDBSQLite", "GRDB.swift")
let httpTypes = product("HTTPTypes", "swift-http-types")
let hummingbird = product("Hummingbird", "hummingbird")
let hummingbirdCore = product("HummingbirdCore", "hummingbird")
let lifecycle = product("ServiceLifecycle", "swift-service-lifecycle")
let logging = product("Logging", "swift-log")
let nioSSL = product("NIOSSL", "swift-nio-ssl")
let x509 = product("X509", "swift-certificates")

let system: [Target] = [
    .systemLibrary(
        name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"]), .brew(["libsodium"])]),
    .systemLibrary(
        name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]),
    .systemLibrary(
        name: "CSecp256k1", pkgConfig: "libsecp256k1",
        providers: [.apt(["libsecp256k1-dev"]), .brew(["secp256k1"])]),
    .target(name: "CPTY"),
    .systemLibrary(
        name: "CQREncode", pkgConfig: "libqrencode", providers: [.apt(["libqrencode-dev"]), .brew(["qrencode"])]),
]

let primitives = [
    part("KinEncoding"),
    part("KinCrypto", ["CSodium", "COpenSSL", "CSecp256k1", crypto]),
    part("KinSQLite", [grdb, grdbSQLite]),
    part("KinLog", ["KinEncoding", logging]),
    part("KinMetrics"),
    part("KinQR", ["CQREncode"]),
    part(
        "KinWebSocket",
        [
            nio("NIOCore"), nio("NIOPosix"), nio("NIOConcurrencyHelpers"), nio("NIOHTTP1"), nio("NIOTLS"),
            nio("NIOWebSocket"), nioSSL,
        ]),
]

let wireToSessions = [
    part("KinWire", ["KinEncoding"]),
    part("KinIdentity", ["KinWire", "KinCrypto", "KinEncoding"]),
    part("KinNoise", ["KinCrypto"]),
    part("KinVault", ["KinIdentity", "KinWire", "KinCrypto", "KinEncoding"]),
    part("KinSession", ["KinIdentity", "KinWire", "KinCrypto", "KinEncoding"]),
    part("KinLink", ["KinNoise", "KinIdentity", "KinWire", "KinCrypto", "KinEncoding"]),
]

let clientsAndServices = [
    part("KinCalls", ["KinWire", "KinEncoding"]),
    part("KinTerminal", ["CPTY", "KinWire", "KinEncoding"]),
    part("KinMailbox", ["KinSQLite", "KinWire", "KinEncoding", grdb]),
    part("KinDaemonAPI", ["KinCalls", "KinWire", "KinEncoding", nio("NIOCore"), nio("NIOHTTP1"), asyncHTTPClient]),
    part(
        "KinClient",
        [
            "KinCalls", "KinCrypto", "KinEncoding", "KinIdentity", "KinLink", "KinSession", "KinWebSocket", "KinWire",
            asyncHTTPClient, nio("NIOCore"), nio("NIOHTTP1"), nioSSL,
        ]),
    part("KinFileAccess", ["KinCrypto", "KinWire", "KinEncoding"]),
    part("KinRelay", ["KinWire", "KinEncoding"]),
    part("KinBroker", ["KinMetrics", "KinWire", "KinEncoding"]),
    part("KinKeyStore", ["KinIdentity", "KinSQLite", "KinWire", "KinEncoding", grdb]),
    part("KinBrokerSQLite", ["KinBroker", "KinSQLite", "KinWire", "KinEncoding", grdb]),
]

let processes = [
    part(
        "KinServer",
        [
            "KinBroker", "KinBrokerSQLite", "KinCrypto", "KinEncoding", "KinIdentity", "KinKeyStore", "KinMetrics",
            "KinRelay", "KinSQLite", "KinWebSocket", "KinWire", hummingbird, hummingbirdCore, lifecycle, logging,
            nio("NIOCore"),
            nio("NIOPosix"), nio("NIOConcurrencyHelpers"), nio("NIOHTTP1"), nio("NIOWebSocket"), nioSSL, httpTypes,
            product("NIOHTTPTypes", "swift-nio-extras"), product("NIOHTTPTypesHTTP1", "swift-nio-extras"), x509,
        ]),
    part(
        "KinDaemon",
        [
            "KinCalls", "KinClient", "KinCrypto", "KinDaemonAPI", "KinEncoding", "KinFileAccess", "KinIdentity",
            "KinLink", "KinMailbox", "KinMetrics", "KinSession", "KinTerminal", "KinVault", "KinWebSocket", "KinWire",
            asyncHTTPClient, hummingbird,
            hummingbirdCore,
            httpTypes,
            lifecycle, logging, nio("NIOCore"), nio("NIOPosix"), nioSSL, product("NIOHTTPTypes", "swift-nio-extras"),
            product("TOMLKit", "TOMLKit"),
        ]),
    part(
        "KinDemo",
        [
            "KinCrypto", "KinDaemonAPI", "KinEncoding", "KinIdentity", "KinVault", "KinWire", asyncHTTPClient, grdb,
            nio("NIOCore"),
        ]),
]

let surface: [Target] = [
    part(
        "KinCommands",
        [
            "KinCalls", "KinClient", "KinCrypto", "KinDaemon", "KinDaemonAPI", "KinDemo", "KinEncoding",
            "KinFileAccess", "KinIdentity", "KinLink", "KinLog", "KinMailbox", "KinQR", "KinRelay", "KinServer",
            "KinTerminal",
            "KinVault", "KinWire", argumentParser, lifecycle, logging, nio("NIOCore"),
            product("UnixSignals", "swift-service-lifecycle"),
        ]),
    .executableTarget(name: "kin", dependencies: ["KinCommands"], swiftSettings: settings),
]

let benchmarks: [Target] = [
    .executableTarget(
        name: "kin-bench",
        dependencies: [
            "KinCalls", "KinClient", "KinCrypto", "KinEncoding", "KinIdentity", "KinLink", "KinTesting", "KinVault",
            "KinWire", grdb, nio("NIOPosix"),
        ],
        path: "Benchmarks/KinBench", swiftSettings: settings)
]

let fuzzing: [Target] = [
    .executableTarget(
        name: "kin-fuzz",
        dependencies: [
            "KinBroker", "KinBrokerSQLite", "KinCrypto", "KinDaemon", "KinDaemonAPI", "KinEncoding", "KinIdentity",
            "KinLink", "KinNoise", "KinSession", "KinTerminal", "KinTestServer", "KinTesting", "KinVault", "KinWire",
            logging,
        ],
        path: "Fuzz/KinFuzz", swiftSettings: settings)
]

let checks: [Target] = [
    part(
        "KinTesting",
        [
            "KinBroker", "KinCrypto", "KinEncoding", "KinIdentity", "KinWebSocket", "KinWire", nio("NIOCore"),
            nio("NIOPosix"), nio("NIOConcurrencyHelpers"),
        ]),
    tests("KinEncoding"),
    tests("KinCrypto", ["KinEncoding", crypto]),
    tests("KinVault", ["KinCrypto", "KinEncoding", "KinIdentity", "KinWire"]),
    tests("KinWire", ["KinEncoding"]),
    tests("KinIdentity", ["KinCrypto", "KinEncoding", "KinWire"]),
    tests("KinSession", ["KinCrypto", "KinEncoding", "KinIdentity", "KinWire"]),
    tests("KinNoise", ["KinCrypto", "KinEncoding"]),
    tests("KinLink", ["KinCrypto", "KinEncoding", "KinIdentity", "KinNoise", "KinWire"]),
    tests("KinCalls", ["KinEncoding", "KinTestServer", "KinWire"]),
    tests("KinTerminal", ["KinEncoding", "KinWire"]),
    tests("KinMailbox", ["KinEncoding", "KinWire", grdb]),
    tests("KinSQLite", [grdb]),
    tests(
        "KinBroker",
        ["KinBrokerSQLite", "KinCrypto", "KinEncoding", "KinIdentity", "KinMetrics", "KinWire", grdb]),
    tests("KinBrokerSQLite", ["KinBroker", "KinEncoding", "KinSQLite", "KinWire", grdb]),
    tests("KinKeyStore", ["KinCrypto", "KinEncoding", "KinIdentity", "KinSQLite", "KinWire"]),
    tests("KinFileAccess", ["KinCrypto", "KinEncoding", "KinWire"]),
    tests("KinRelay", ["KinEncoding", "KinWire"]),
    tests(
        "KinWebSocket",
        [
            nio("NIOCore"), nio("NIOConcurrencyHelpers"), nio("NIOEmbedded"), nio("NIOHTTP1"), nio("NIOPosix"),
            nio("NIOWebSocket"),
        ]),
    tests(
        "KinServer",
        [
            "KinBroker", "KinBrokerSQLite", "KinCrypto", "KinEncoding", "KinIdentity", "KinLog", "KinRelay",
            "KinSQLite",
            "KinTestServer", "KinWebSocket", "KinWire", asyncHTTPClient, crypto, hummingbird, httpTypes, lifecycle,
            logging,
            nio("NIOCore"),
            nio("NIOConcurrencyHelpers"), nio("NIOEmbedded"), nio("NIOHTTP1"), nio("NIOPosix"), nioSSL,
            product("NIOHTTPTypes", "swift-nio-extras"),
            x509,
        ]),
    tests(
        "KinCommands",
        [
            "CPTY", "KinCalls", "KinClient", "KinCrypto", "KinDaemon", "KinDaemonAPI", "KinDemo", "KinEncoding",
            "KinFileAccess", "KinIdentity", "KinLink", "KinRelay", "KinTerminal", "KinTestServer", "KinTestTerminal",
            "KinVault",
            "KinWire", argumentParser,
        ]),
    .target(
        name: "KinTestTerminal", dependencies: ["KinCommands", "KinEncoding", "KinTerminal", "KinWire"],
        path: "Tests/KinTestTerminal", swiftSettings: settings),
    // The near end of `kin attach` in a process of its own, with terminals of that process behind it.
    .executableTarget(
        name: "kin-attach-trial",
        dependencies: ["KinCommands", "KinEncoding", "KinTerminal", "KinTestTerminal", "KinWire"],
        path: "Tests/KinAttachTrial", swiftSettings: settings),
    tests("KinQR"),
    tests("KinDemo", ["KinWire"]),
    tests("KinLog", ["KinEncoding", logging]),
    .testTarget(name: "KinMetricsTests", dependencies: ["KinMetrics"], swiftSettings: settings),
    .target(
        name: "KinTestServer",
        dependencies: [
            "KinEncoding", "KinServer", "KinTesting", "KinWebSocket", "KinWire", asyncHTTPClient, crypto, hummingbird,
            lifecycle, logging, nio("NIOCore"), nio("NIOHTTP1"), x509,
        ], path: "Tests/KinTestServer", swiftSettings: settings),
    tests(
        "KinClient",
        [
            "KinCrypto", "KinEncoding", "KinIdentity", "KinLink", "KinSession", "KinTestServer", "KinWebSocket",
            "KinWire", asyncHTTPClient, nio("NIOCore"), nio("NIOPosix"),
        ]),
    tests(
        "KinDaemonAPI",
        ["KinEncoding", "KinTestServer", "KinWire", httpTypes, hummingbird, logging, nio("NIOCore")]),
    tests(
        "KinDaemon",
        [
            "KinCalls", "KinClient", "KinCrypto", "KinDaemonAPI", "KinEncoding", "KinFileAccess", "KinIdentity",
            "KinLink", "KinMetrics",
            "KinSession", "KinTestServer", "KinVault", "KinWebSocket", "KinWire", asyncHTTPClient, grdb, httpTypes,
            logging,
            nio("NIOCore"),
            nio("NIOHTTP1"),
            nio("NIOPosix"),
        ]),
    .testTarget(name: "ArchitectureTests", swiftSettings: settings),
]

let package = Package(
    name: "kindred",
    platforms: [.macOS(.v15)],
    products: (primitives + wireToSessions + clientsAndServices).map { .library(name: $0.name, targets: [$0.name]) }
        + [.executable(name: "kin", targets: ["kin"])],
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
    targets: system + primitives + wireToSessions + clientsAndServices + processes + surface + benchmarks + fuzzing
        + checks
)
