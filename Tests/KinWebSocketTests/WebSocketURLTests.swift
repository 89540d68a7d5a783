import KinTesting
import KinWebSocket
import NIOCore
import Testing

@Suite("WebSocket URLs")
struct WebSocketURLTests {
    @Test("host, port and target are taken apart")
    func parts() throws {
        let url = try WebSocketURL("wss://Relay.Example:8443/agent/signal?owner_id=a%20b")
        #expect(url.isSecure && url.host == "relay.example" && url.port == 8443)
        #expect(url.target == "/agent/signal?owner_id=a%20b")
        #expect(url.authority == "relay.example:8443")
        let bare = try WebSocketURL("wss://example.org?x=/")
        #expect(bare.port == 443 && bare.target == "/?x=/" && bare.authority == "example.org")
        let six = try WebSocketURL("ws://[::1]:80")
        #expect(six.host == "::1" && six.port == 80 && six.target == "/" && six.authority == "[::1]")
    }

    @Test(
        "ws is allowed to this machine only",
        arguments: [
            ("ws://localhost/mesh", true), ("ws://LOCALHOST:1", true), ("ws://127.0.0.1", true),
            ("ws://127.255.1.2:9", true), ("ws://[::1]/", true), ("ws://[0:0::1]/", true),
            ("ws://example.org/mesh", false), ("ws://10.0.0.1", false), ("ws://127.0.0.1.example.org", false),
            ("ws://localhost.example.org", false), ("ws://127.1", false), ("ws://0.0.0.0", false),
            ("ws://[::ffff:1.2.3.4]/", false), ("ws://[fe80::1]/", false), ("ws://2130706433/", false),
        ]
    )
    func loopback(text: String, isAllowed: Bool) {
        if isAllowed {
            #expect(throws: Never.self) { try WebSocketURL(text) }
        } else {
            let error = #expect(throws: WebSocketError.self) { try WebSocketURL(text) }
            #expect(error?.code == "insecure_url")
        }
    }

    @Test(
        "what is no WebSocket URL is refused as such",
        arguments: [
            "", "localhost", "http://localhost/", "ws:/localhost", "ws://", "ws:///path", "ws://localhost:0",
            "ws://localhost:65536", "ws://localhost:-1", "ws://localhost:x", "ws://user@localhost", "ws://[::1",
            "ws://[::1]x", "ws://[127.0.0.1]", "ws://[]", "ws://localhost/#part", "ws://localhost/a b",
            "ws://localhost/\r\nX: y", "ws://bücher.example/", "ws://a\u{0}b", "ws://::1/", "wss://a%41/",
            "wss://" + String(repeating: "a", count: 254),
        ]
    )
    func invalid(text: String) {
        let error = #expect(throws: WebSocketError.self) { try WebSocketURL(text) }
        #expect(error?.code == "url_invalid")
    }

    @Test("no text whatever traps the parser")
    func fuzz() {
        let alphabet = Array("ws:/[]@?#.-:0123456789abcé \u{0}%")
        for seed in 0..<5000 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            let count = Int.random(in: 0...30, using: &random)
            let tail = String((0..<count).map { _ in alphabet.randomElement(using: &random) ?? "x" })
            if let url = try? WebSocketURL("wss://" + tail) {
                #expect((try? WebSocketURL(url.description)) == url)
            }
        }
    }
}
