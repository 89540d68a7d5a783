import KinCrypto
import KinIdentity
import KinTesting
import KinWire
import Testing

@Suite struct HostFingerprintTests {
    static let id = "0123456789abcdef0123456789abcdef"

    // MARK: The machine's id

    @Test("it is SHA-256 of the machine's id and the interface's address")
    func form() {
        let host = TestHost(etc: Self.id + "\n", macs: ["eth0": 7])
        let fingerprint = HostFingerprint(of: host.reader)
        #expect(fingerprint.digest == Digest.sha256(Array(Self.id.utf8) + [2, 0, 0, 0, 0, 7]))
        #expect(fingerprint.source == .etc)
        #expect(fingerprint.interface == "eth0")
        #expect(fingerprint.storedID == nil)
    }

    @Test("the id is looked for in order: /etc, D-Bus, the platform's UUID, else a random one is kept")
    func sources() {
        let host = TestHost()
        #expect(HostFingerprint(of: host.reader).source == .stored)
        #expect(HostFingerprint(of: host.reader).storedID == "uuid-2")
        host.change { $0.platformUUID = "8F1C-UUID" }
        #expect(HostFingerprint(of: host.reader).digest == Digest.sha256(Array("8F1C-UUID".utf8)))
        host.change { $0.files["/var/lib/dbus/machine-id"] = Self.id }
        #expect(HostFingerprint(of: host.reader).source == .dbus)
        host.change { $0.files["/etc/machine-id"] = Self.id }
        #expect(HostFingerprint(of: host.reader).source == .etc)
    }

    @Test(
        "a file that holds no id is passed over",
        arguments: ["", "\n", "uninitialized\n", "0123", String(repeating: "g", count: 32), id + "0"])
    func noID(content: String) {
        let host = TestHost(etc: content)
        host.change { $0.files["/var/lib/dbus/machine-id"] = Self.id }
        #expect(HostFingerprint(of: host.reader).source == .dbus)
    }

    @Test("an id in capitals or with white space around it is the same id")
    func spelling() {
        let one = HostFingerprint(of: TestHost(etc: Self.id).reader)
        #expect(HostFingerprint(of: TestHost(etc: " \(Self.id.uppercased())\r\n").reader) == one)
    }

    // MARK: The interface

    @Test(
        "the first stable interface counts",
        arguments: [
            (["eth1", "eth0"], "eth0"), (["wlan0", "eth0"], "eth0"), (["wlp3s0", "enp4s0"], "enp4s0"),
            (["wlan0"], "wlan0"), (["eth0", "en0"], "en0"), (["eth0", "bond0", "wlan0"], "eth0"),
            (["wlan0", "ib0"], "ib0"), (["eth10", "eth9"], "eth10"), (["lo2x", "wl0"], "lo2x"), ([], nil),
        ] as [([String], String?)])
    func first(names: [String], chosen: String?) {
        let host = TestHost(etc: Self.id, macs: Dictionary(names.map { ($0, 1) }) { first, _ in first })
        #expect(HostFingerprint(of: host.reader).interface == chosen)
    }

    @Test(
        "what comes and goes never counts",
        arguments: [
            "lo", "docker0", "docker_gwbridge", "veth12ab", "br-9f", "tun0", "tap3", "wg0", "tailscale0", "utun4",
            "ppp0", "vboxnet0", "vmnet8", "awdl0", "llw0",
        ])
    func passing(name: String) {
        #expect(HostFingerprint(of: TestHost(etc: Self.id, macs: [name: 1]).reader).interface == nil)
        #expect(HostFingerprint(of: TestHost(etc: Self.id, macs: [name: 1, "wlan0": 2]).reader).interface == "wlan0")
    }

    @Test("an interface without an Ethernet address, or a loopback by another name, does not count")
    func noAddress() {
        let host = TestHost(etc: Self.id)
        host.change {
            $0.interfaces = [
                NetworkInterface(name: "en0", mac: []), NetworkInterface(name: "en1", mac: [0, 0, 0, 0, 0, 0]),
                NetworkInterface(name: "en2", mac: [UInt8](repeating: 1, count: 20)),
                NetworkInterface(name: "en3", mac: [1, 1, 1, 1, 1, 1], isLoopback: true),
                NetworkInterface(name: "wl0", mac: [1, 1, 1, 1, 1, 2]),
            ]
        }
        #expect(HostFingerprint(of: host.reader).interface == "wl0")
    }

    // MARK: Frozen

    @Test("an interface, or a better id, that comes later changes nothing; the frozen one's change does")
    func frozen() {
        let host = TestHost(macs: ["eth5": 1])
        host.change { $0.files["/var/lib/dbus/machine-id"] = Self.id }
        let known = HostFingerprint(of: host.reader)
        host.change {
            $0.files["/etc/machine-id"] = String(repeating: "a", count: 32)
            $0.interfaces.append(NetworkInterface(name: "eth0", mac: [9, 9, 9, 9, 9, 9]))
        }
        #expect(known.fits(host.reader))
        host.change { $0.interfaces.removeAll { $0.name == "eth5" } }
        #expect(!known.fits(host.reader))
        host.change { $0.interfaces = [NetworkInterface(name: "eth5", mac: [2, 0, 0, 0, 0, 2])] }
        #expect(!known.fits(host.reader))
        host.change { $0.interfaces = [NetworkInterface(name: "eth5", mac: [2, 0, 0, 0, 0, 1])] }
        #expect(known.fits(host.reader))
        host.change { $0.files["/var/lib/dbus/machine-id"] = nil }
        #expect(!known.fits(host.reader))
    }

    @Test("a machine without id and interface is told by nothing but the file")
    func nothing() {
        let known = HostFingerprint(of: TestHost().reader)
        #expect(known.fits(TestHost(etc: Self.id, macs: ["eth0": 1]).reader))
    }

    // MARK: The file

    @Test("the file is private, reads back, and holds neither id nor address")
    func file() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("host_fingerprint.json")
        #expect(try HostFingerprint(reading: path) == nil)
        let fingerprint = HostFingerprint(of: TestHost(etc: Self.id, macs: ["eth0": 7]).reader)
        try fingerprint.write(to: path)
        #expect(try HostFingerprint(reading: path) == fingerprint)
        let text = String(decoding: try StateFolder.read(path) ?? [], as: UTF8.self)
        #expect(!text.contains(Self.id))
        #expect(try mode(of: path) == 0o600)
    }

    @Test(
        "a damaged file is said to be damaged, with the command that writes it again",
        arguments: ["", "{}", "[]", #"{"schema_version":2}"#, #"{"fingerprint":"00"}"#])
    func damaged(content: String) throws {
        let folder = try TemporaryFolder()
        let path = folder.file("host_fingerprint.json")
        try StateFolder.write(Array(content.utf8), to: path, mode: 0o600)
        let error = #expect(throws: KinError.self) { try HostFingerprint(reading: path) }
        #expect(error?.code == "file_damaged")
        #expect(error?.message.contains("kin daemon accept-host") == true)
    }

    @Test("this machine fits itself")
    func system() {
        #expect(HostFingerprint(of: .system).fits(.system))
        #expect(HostReader.system.interfaces().contains { $0.isLoopback })
    }
}
