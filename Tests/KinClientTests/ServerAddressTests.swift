import KinWire
import Testing

@testable import KinClient

@Suite struct ServerAddressTests {
    @Test(
        "every way to write an address leads to one origin",
        arguments: [
            ("https://kin.example.org", "https://kin.example.org"),
            ("https://kin.example.org/", "https://kin.example.org"),
            ("https://KIN.Example.ORG:443", "https://kin.example.org"),
            ("wss://kin.example.org", "https://kin.example.org"),
            ("wss://kin.example.org:7440/", "https://kin.example.org:7440"),
            ("https://10.0.0.7:8443", "https://10.0.0.7:8443"),
            ("https://[2001:DB8::1]:8443", "https://[2001:db8::1]:8443"),
            ("http://127.0.0.1:7440", "http://127.0.0.1:7440"),
            ("ws://127.0.0.1:7440", "http://127.0.0.1:7440"),
            ("http://127.9.9.9", "http://127.9.9.9"),
            ("http://localhost:80", "http://localhost"),
            ("http://[::1]:7440", "http://[::1]:7440"),
        ])
    func forms(_ text: String, _ origin: String) throws {
        let address = try ServerAddress(text)
        #expect(address.origin == origin)
        #expect(address.description == origin)
        #expect(try address == ServerAddress(origin))
    }

    @Test("an address gives its WebSockets with the scheme that fits")
    func webSockets() throws {
        #expect(try ServerAddress("http://localhost:7440").webSocket("/mesh") == "ws://localhost:7440/mesh")
        #expect(try ServerAddress("https://kin.example.org").webSocket("/a?b=c") == "wss://kin.example.org/a?b=c")
        #expect(try ServerAddress("https://kin.example.org:99").authority == "kin.example.org:99")
    }

    @Test(
        "without encryption only this machine is reached",
        arguments: [
            "http://kin.example.org", "ws://192.168.1.4:7440", "http://0.0.0.0:7440", "http://127.0.0.1.example.org",
            "http://localhost.example.org:7440", "http://[::2]:7440", "ws://10.0.0.1",
        ])
    func insecure(_ text: String) {
        let error = #expect(throws: KinError.self) { _ = try ServerAddress(text) }
        #expect(error?.code == "server_insecure" && error?.category == .usage)
        #expect(error?.message.contains("https://") == true)
    }

    @Test(
        "what is no address is refused with an example",
        arguments: [
            "", "kin.example.org", "ftp://kin.example.org", "https://", "https:///path", "https://host/path",
            "https://host?query", "https://host/?", "https://user@host", "https://host:0", "https://host:65536",
            "https://host:x", "https://host#part", "https://ho st", "https://ho\u{0}st", "httpss://host", "https//host",
            "https://[::1", "https://höst",
        ])
    func invalid(_ text: String) {
        let error = #expect(throws: KinError.self) { _ = try ServerAddress(text) }
        #expect(error?.code == "server_invalid" && error?.category == .usage)
        #expect(error?.message.contains("https://HOST") == true)
    }

    @Test("the server of a machine without configuration is on its loopback")
    func local() throws {
        #expect(try ServerAddress.local(port: 7440).origin == "http://127.0.0.1:7440")
    }
}
