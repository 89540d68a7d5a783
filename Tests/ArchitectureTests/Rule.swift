/// Modules that belong together, for a rule to name.
enum ModuleGroup {
    static let network = [
        "NIO*", "_NIO*", "AsyncHTTPClient", "Hummingbird*", "HTTPTypes", "FoundationNetworking", "Network",
        "KinWebSocket",
    ]
    static let http = ["AsyncHTTPClient", "Hummingbird*", "NIOHTTP*", "HTTPTypes", "FoundationNetworking"]
    static let sql = ["GRDB*", "SQLite3", "CSQLite", "CPostgres", "KinSQLite"]
    static let libraryCiphers = [
        "Crypto", "_CryptoExtras", "CryptoExtras", "CryptoKit", "CSodium", "COpenSSL", "CSecp256k1",
    ]
    static let ciphers = libraryCiphers + ["KinCrypto"]
    static let files = ["Foundation", "FoundationEssentials"]
    static let systemCalls = ["Glibc", "Darwin", "Musl"]
}

/// What one target must never import, and why.
struct Rule {
    /// How far a rule looks.
    enum Reach {
        /// The target's own files.
        case imports
        /// Everything it is built from.
        case everything
    }

    var target: String
    /// Module names; a `*` at the end stands for any ending.
    var forbidden: [String]
    /// Those that a `*` does not stand for.
    var allowed: [String]
    var reach: Reach
    var reason: String

    init(
        _ target: String, never forbidden: [String], but allowed: [String] = [], _ reach: Reach = .everything,
        because reason: String
    ) {
        self.target = target
        self.forbidden = forbidden
        self.allowed = allowed
        self.reach = reach
        self.reason = reason
    }

    func forbids(_ module: String) -> Bool {
        guard !allowed.contains(module) else { return false }
        return forbidden.contains { pattern in
            pattern.hasSuffix("*") ? module.hasPrefix(pattern.dropLast()) : module == pattern
        }
    }

    /// One line for each import that breaks the rule.
    func broken(by imports: [Import]) -> [String] {
        imports.filter { $0.target == target && forbids($0.module) }
            .map { "\($0.place): \(target) must never import \($0.module): \(reason)" }
    }

    /// One line for each forbidden module that the target is built from.
    func broken(in graph: PackageGraph) -> [String] {
        guard reach == .everything else { return [] }
        return graph.reach(of: target).filter { forbids($0.key) }.sorted { $0.key < $1.key }
            .map { "\($0.value.joined(separator: " → ")): \(target) must never reach \($0.key): \(reason)" }
    }
}

extension Rule {
    /// docs/architecture.md, "must never import", row by row.
    static let all: [Rule] = [
        Rule(
            "KinEncoding", never: ["*"],
            because: "encodings are the ground floor: whoever needs one must get nothing else with it"),
        Rule(
            "KinCrypto", never: ModuleGroup.files + ModuleGroup.systemCalls + ModuleGroup.network + ModuleGroup.sql,
            because: "what holds keys opens neither files nor sockets"),
        Rule(
            "KinNoise",
            never: ModuleGroup.files + ModuleGroup.systemCalls + ModuleGroup.network + ModuleGroup.sql + [
                "KinEncoding", "KinIdentity", "KinVault", "KinWire",
            ],
            because: "a handshake knows keys and bytes, not whose they are or where they come from"),
        Rule("KinSQLite", never: ["Kin*"], because: "a crash-safe file knows nothing of what it keeps"),
        Rule("KinWebSocket", never: ["Kin*"], because: "a WebSocket knows nothing of what it carries"),
        Rule(
            "KinLog", never: ModuleGroup.network + ModuleGroup.ciphers,
            because: "a log line leaves the machine by no way of its own"),
        Rule(
            "KinMetrics", never: ["Kin*"] + ModuleGroup.network,
            because: "a counter knows nothing of what it counts, and waits to be asked"),
        Rule(
            "KinQR", never: ["Kin*"] + ModuleGroup.network + ModuleGroup.files,
            because: "a drawing knows nothing of what it says, and goes nowhere by itself"),
        Rule(
            "KinWire", never: ModuleGroup.ciphers + ModuleGroup.network + ModuleGroup.files + ModuleGroup.systemCalls,
            because: "the wire is types and bytes: no keys, no sockets, no files"),
        Rule(
            "KinIdentity", never: ["KinVault"] + ModuleGroup.network + ModuleGroup.sql,
            because: "a device proves who it is without the phrase at hand, a network or a database"),
        Rule(
            "KinVault", never: ModuleGroup.network + ModuleGroup.sql,
            because: "what holds the phrase must have no way to send it anywhere"),
        Rule(
            "KinSession", never: ModuleGroup.sql + ModuleGroup.network,
            because: "sealing and opening work on bytes, wherever they come from"),
        Rule(
            "KinLink", never: ModuleGroup.sql + ModuleGroup.network + ["KinVault"],
            because: "a link works on messages, whatever carries them"),
        Rule(
            "KinLink", never: ModuleGroup.files + ModuleGroup.systemCalls + ModuleGroup.libraryCiphers, .imports,
            because: "a link is a state machine: time, randomness and what is known of others are handed in"),
        Rule(
            "KinCalls",
            never: ModuleGroup.sql + ModuleGroup.network + ModuleGroup.ciphers + ["KinIdentity", "KinVault"],
            because: "calls run on any stream of frames: who is at its other end was settled below"),
        Rule(
            "KinTerminal", never: ModuleGroup.network + ModuleGroup.http + ModuleGroup.sql + ["Kin*"],
            but: ["KinWire", "KinEncoding"],
            because: "a terminal is a program and its bytes: who may use it, and over what, is settled elsewhere"),
        Rule(
            "KinClient", never: ModuleGroup.sql,
            because: "what a device says to servers does not depend on how it keeps its queues"),
        Rule(
            "KinMailbox", never: ModuleGroup.network + ModuleGroup.ciphers + ["KinIdentity", "KinVault", "KinSession"],
            because: "the queues work with no network and hold no key"),
        Rule(
            "KinDaemonAPI", never: ModuleGroup.sql + ["KinVault"],
            because: "whoever only talks to a daemon needs neither its database nor the phrase"),
        Rule(
            "KinFileAccess",
            never: ModuleGroup.network + ModuleGroup.sql + [
                "KinIdentity", "KinVault", "KinSession", "KinNoise", "KinLink", "KinClient", "KinMailbox",
                "KinDaemonAPI", "KinLog", "KinMetrics",
            ],
            because: "what keeps files inside their roots knows nothing of who asks, or how"),
        Rule(
            "KinFileAccess", never: ModuleGroup.libraryCiphers, .imports,
            because: "cryptography is called by its own floor, not written in place"),
        Rule(
            "KinRelay",
            never: ModuleGroup.ciphers + ModuleGroup.files + ModuleGroup.sql + [
                "KinIdentity", "KinSession", "KinVault",
            ],
            because: "the relay is blind by linkage, and keeps nothing on disk"),
        Rule(
            "KinBroker", never: ModuleGroup.ciphers + ["KinIdentity", "KinSession", "KinVault"],
            because: "the broker cannot read: signatures are checked by a verifier given to it"),
        Rule(
            "KinBrokerSQLite", never: ModuleGroup.network + ModuleGroup.ciphers + ["KinBrokerPostgres"],
            because: "a store stores; it neither talks nor reads"),
        Rule(
            "KinKeyStore", never: ModuleGroup.network + ["KinVault"],
            because: "a store stores; whoever asks for a key is judged elsewhere"),
        Rule(
            "KinServer", never: ["KinVault", "KinSession", "KinLink", "KinNoise"],
            because: "a server has no phrase, and nothing that could open a message"),
        Rule(
            "KinServer", never: ModuleGroup.libraryCiphers, .imports,
            because: "cryptography is called by its own floor, not written in place"),
        Rule(
            "KinDaemon", never: ["KinServer", "KinBroker*", "KinRelay"],
            because: "a daemon that needs a server starts one as a process"),
        Rule(
            "KinDaemon", never: ModuleGroup.libraryCiphers + ModuleGroup.sql, .imports,
            because: "the daemon wires parts together: ciphers and SQL have floors of their own"),
        Rule(
            "KinDemo", never: ["KinServer", "KinDaemon", "KinBroker*", "KinRelay", "KinMailbox"],
            because: "the demo runs servers and daemons as anybody would, as processes"),
        Rule(
            "KinCommands", never: ModuleGroup.sql + ModuleGroup.libraryCiphers, .imports,
            because: "a command parses, calls one service and prints"),
    ]
}
