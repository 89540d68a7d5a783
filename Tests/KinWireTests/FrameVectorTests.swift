import Foundation
import KinEncoding
import KinTesting
import Testing

@testable import KinWire

/// `Vectors/kindred/frames.json`.
@Suite struct FrameVectorTests {
    static let file = "kindred/frames.json"

    @Test("a sound frame is read, and written again byte for byte", arguments: try Vector.list(file, "valid"))
    func valid(vector: Vector) throws {
        let bytes = try vector.hex("frame_hex")
        let frame = try ReceivedFrame(bytes)
        #expect(frame.message.type == (try vector.text("type")))
        #expect(frame.body == (try vector.hex("body_hex")))
        #expect(String(decoding: frame.message.header(), as: UTF8.self) == (try vector.text("header")))
        #expect(frame.message.encoded(body: frame.body) == bytes)
    }

    @Test(
        "a frame that is wrong in one way earns the error that is written for it",
        arguments: try Vector.list(file, "invalid"))
    func invalid(vector: Vector) throws {
        let bytes = try vector.hex("frame_hex")
        let error = #expect(throws: WireError.self) { try ReceivedFrame(bytes) }
        #expect(error?.code == (try vector.text("error")))
    }

    @Test("every type of message has a vector")
    func complete() throws {
        let types = Set(try Vector.list(Self.file, "valid").map { try $0.text("type") })
        #expect(types.count == 39)
    }

    static let hotTypes: Set<String> = ["send", "ack", "push", "client_ack"]

    static func hotVectors() throws -> [Vector] {
        try Vector.list(file, "valid").filter { hotTypes.contains(try $0.text("type")) }
    }

    @Test("on the hot path the fixed-field codec writes what the general one writes", arguments: try hotVectors())
    func fixedWriting(vector: Vector) throws {
        let message = try ReceivedFrame(vector.hex("frame_hex")).message
        #expect(message.fixedFieldHeader() == message.generalHeader())
        #expect(message.fixedFieldHeader() == (try vector.utf8("header")))
    }

    @Test("on the hot path the fixed-field codec reads what the general one reads", arguments: try hotVectors())
    func fixedReading(vector: Vector) throws {
        let header = try vector.utf8("header")[...]
        let general = try MeshFrame(generalHeader: header)
        let fixed = MeshFrame(fixedFieldHeader: header)
        // An epoch, which only topics have, is left to the general codec.
        #expect(fixed == (try vector.text("header").contains("\"epoch\"") ? nil : general))
    }

    @Test("a number in any other form is left to the general codec, which refuses it", arguments: try hotVectors())
    func numbers(vector: Vector) throws {
        let header = try vector.text("header")
        for match in header.matches(of: /[:\[,](\d+)(?=[,}\]])/) {
            let number = match.output.1
            for form in ["0\(number)", "-\(number)", "\(number).0", "\(number)e0", "9007199254740992", ""] {
                let text = header.replacingCharacters(in: number.startIndex..<number.endIndex, with: form)
                let changed = Array(text.utf8)[...]
                #expect(MeshFrame(fixedFieldHeader: changed) == nil, "\(form)")
                #expect(throws: WireError.self, "\(form)") { try MeshFrame(generalHeader: changed) }
            }
        }
    }

    @Test("the fixed-field codec leaves every other message to the general one")
    func otherTypes() throws {
        for vector in try Vector.list(Self.file, "valid") where !Self.hotTypes.contains(try vector.text("type")) {
            let header = try vector.utf8("header")[...]
            #expect(MeshFrame(fixedFieldHeader: header) == nil)
            #expect(try MeshFrame(generalHeader: header).fixedFieldHeader() == nil)
        }
    }

    @Test("the fixed-field codec reads nothing that the general one refuses")
    func refusals() throws {
        for vector in try Vector.list(Self.file, "invalid") {
            let frame = try vector.hex("frame_hex")
            guard let parts = try? Frame.split(frame, maxHeaderBytes: frame.count),
                (try? MeshFrame(generalHeader: parts.header)) == nil
            else { continue }
            #expect(MeshFrame(fixedFieldHeader: parts.header) == nil, "\(vector)")
        }
    }
}
