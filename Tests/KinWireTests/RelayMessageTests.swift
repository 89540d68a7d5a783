import KinEncoding
import KinTesting
import KinWire
import Testing

@Suite struct RelayMessageTests {
    static let messages: [(RelayMessage, String)] = [
        (.ready, #"{"type":"ready"}"#),
        (.registry(blob: Array("blob".utf8)), #"{"registry":"YmxvYg==","type":"registry"}"#),
        (
            .attach(session: [UInt8](repeating: 0xab, count: 16)),
            #"{"session":"abababababababababababababababab","type":"attach"}"#
        ),
    ]

    @Test("each control message has its form", arguments: messages)
    func roundTrip(message: RelayMessage, text: String) throws {
        #expect(String(decoding: message.canonicalBytes(), as: UTF8.self) == text)
        #expect(try RelayMessage(json: Array(text.utf8)) == message)
    }

    @Test("control messages are read leniently")
    func lenient() throws {
        #expect(try RelayMessage(json: Array(" { \"type\" : \"ready\" }\n".utf8)) == .ready)
    }

    @Test(
        "what is no control message",
        arguments: [
            "", "[]", "{}", #"{"type":"ready","more":1}"#, #"{"type":"registry"}"#,
            #"{"type":"registry","registry":"Y"}"#,
            #"{"type":"registry","registry":1}"#, #"{"type":"attach","session":"ab"}"#, #"{"type":1}"#,
            #"{"type":"ready","type":"ready"}"#,
        ])
    func invalid(text: String) {
        let error = #expect(throws: WireError.self) { try RelayMessage(json: Array(text.utf8)) }
        #expect(error?.code == "invalid_message")
    }

    @Test("an unknown type is said as such")
    func unknownType() {
        let error = #expect(throws: WireError.self) { try RelayMessage(json: Array(#"{"type":"dance"}"#.utf8)) }
        #expect(error?.code == "unknown_message_type")
    }

    @Test("a message over 256 KiB is refused unread")
    func tooLarge() {
        let error = #expect(throws: WireError.self) {
            try RelayMessage(json: [UInt8](repeating: UInt8(ascii: " "), count: 262_145))
        }
        #expect(error?.message.contains("262144") == true)
    }

    @Test("the registry's answer is read as it was written")
    func entries() throws {
        let entries = try ["0123456789abcdef", "fedcba9876543210"].map {
            RegistryEntry(machineID: try MachineID($0).orThrow("machine id"), blob: Array($0.utf8))
        }
        let bytes = RegistryEntry.canonicalBytes(of: entries)
        #expect(try RegistryEntry.list(json: bytes) == entries)
        #expect(RegistryEntry.canonicalBytes(of: []) == Array("[]".utf8))
        #expect(try RegistryEntry.list(json: Array("[]".utf8)) == [])
    }

    @Test(
        "what is no registry answer",
        arguments: ["{}", "[1]", #"[{"machine_id":"x","blob":""}]"#, #"[{"machine_id":"0123456789abcdef"}]"#])
    func notEntries(text: String) {
        #expect(throws: WireError.self) { try RegistryEntry.list(json: Array(text.utf8)) }
    }
}
