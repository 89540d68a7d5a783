import KinEncoding
import KinWire
import Testing

@Suite struct NameTests {
    @Test(
        "a device's name",
        arguments: ["a", "0", "laptop-2", String(repeating: "a", count: 63), "a-", "allx", "heads"])
    func deviceName(text: String) { #expect(DeviceName(text)?.description == text) }

    @Test(
        "what is no device's name",
        arguments: ["", "-a", "A", "a_b", "a b", "all", "head", "ä", "a\n", String(repeating: "a", count: 64)])
    func notDeviceName(text: String) { #expect(DeviceName(text) == nil) }

    @Test("a machine_id", arguments: ["0123456789abcdef", "0000000000000000"])
    func machineID(text: String) { #expect(MachineID(text)?.description == text) }

    @Test(
        "what is no machine_id",
        arguments: ["", "0123456789abcde", "0123456789abcdef0", "0123456789ABCDEF", "0123456789abcdeg", "０１２３４５"])
    func notMachineID(text: String) { #expect(MachineID(text) == nil) }

    @Test("a client_message_id", arguments: ["a", "A.b_c:d-9", String(repeating: "Z", count: 64)])
    func messageID(text: String) { #expect(ClientMessageID(text)?.description == text) }

    @Test(
        "what is no client_message_id",
        arguments: ["", "a b", "a/b", "é", "a\n", "a\u{0}", String(repeating: "Z", count: 65)])
    func notMessageID(text: String) { #expect(ClientMessageID(text) == nil) }

    @Test("a topic's name", arguments: ["a", "-", "release.2_x-y", String(repeating: "0", count: 64)])
    func topic(text: String) { #expect(TopicName(text)?.description == text) }

    @Test("what is no topic's name", arguments: ["", "A", "#a", "a b", String(repeating: "0", count: 65)])
    func notTopic(text: String) { #expect(TopicName(text) == nil) }

    static let wallet = Base58.encode([UInt8](repeating: 9, count: 32))

    @Test("a mesh is a slug and a wallet")
    func mesh() throws {
        let mesh = try #require(MeshID("home@\(Self.wallet)"))
        #expect(mesh.slug == "home" && mesh.wallet.bytes == [UInt8](repeating: 9, count: 32))
        #expect(MeshID.home(of: mesh.wallet) == mesh)
        #expect(mesh.description == "home@\(Self.wallet)")
        #expect(MeshID("all@\(Self.wallet)")?.slug == "all", "only devices may not be named so")
    }

    @Test(
        "what is no mesh",
        arguments: ["", "@", "home", "home@", "@x", "Home@x", "-a@x", "a@@x", "a@x@", "a_b@x", "a@ x"])
    func notMesh(pattern: String) {
        #expect(MeshID(pattern.replacing("x", with: Self.wallet)) == nil)
    }

    @Test("a wallet address is base58 of exactly 32 bytes", arguments: [0, 31, 33, 64])
    func wallet(count: Int) {
        let bytes = [UInt8](repeating: 9, count: count)
        #expect(WalletAddress(Base58.encode(bytes)) == nil)
        #expect(WalletAddress(bytes: bytes) == nil)
    }

    @Test("roles are ordered and have one spelling each")
    func roles() {
        #expect(Role.allCases.map(\.description) == ["guest", "machine", "member", "owner"])
        #expect(Role.allCases == Role.allCases.sorted())
        for role in Role.allCases { #expect(Role(role.description) == role) }
        for text in ["", "Owner", "admin", "owner "] { #expect(Role(text) == nil) }
    }

    @Test(
        "a scope",
        arguments: [
            "send", "issue", "revoke", "bunker:admin", "topic:release", "call:/", "call:/a b?*",
            "call:/" + String(repeating: "x", count: 127),
        ])
    func scope(text: String) { #expect(Scope(text)?.description == text) }

    @Test(
        "an unknown scope is refused, never ignored",
        arguments: [
            "", "Send", "send ", "bunker", "bunker:user", "topic:", "topic:A", "topic:#a", "call:", "call:a",
            "call:/\u{7f}",
            "call:/é", "call:/\n", "call:/" + String(repeating: "x", count: 128),
        ])
    func notScope(text: String) { #expect(Scope(text) == nil) }

    @Test("priorities have ranks in the order of delivery")
    func priorities() {
        #expect(Priority.allCases.map(\.rank) == [0, 1, 2])
        for priority in Priority.allCases { #expect(Priority(rank: priority.rank) == priority) }
        #expect(Priority(rank: 3) == nil && Priority(rank: -1) == nil)
    }

    @Test("a destination's kind and ref belong together")
    func destination() throws {
        let member = ULID(milliseconds: 1, randomness: [UInt8](repeating: 1, count: 10))
        let dm = try #require(Destination(kind: "dm", ref: member.description))
        let topic = try #require(Destination(kind: "topic", ref: "release"))
        #expect(dm == .dm(member) && dm.recipient == member.description)
        #expect(topic.recipient == "#release" && topic.kind == "topic" && topic.ref == "release")
        #expect(Destination(kind: "dm", ref: "release") == nil)
        #expect(Destination(kind: "topic", ref: "#release") == nil)
        #expect(Destination(kind: "peer", ref: "release") == nil)
    }
}
