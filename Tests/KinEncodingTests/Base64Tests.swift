import Foundation
import KinEncoding
import KinTesting
import Testing

@Suite struct Base64Tests {
    /// RFC 4648, section 10.
    static let examples = [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ]

    @Test("the examples of RFC 4648", arguments: examples)
    func published(plain: String, encoded: String) throws {
        let bytes = Array(plain.utf8)
        let unpadded = encoded.replacing("=", with: "")
        #expect(Base64.encode(bytes) == encoded)
        #expect(Base64URL.encode(bytes) == unpadded)
        #expect(try Base64.decode(encoded) == bytes)
        #expect(try Base64URL.decode(unpadded) == bytes)
    }

    @Test("the alphabets differ in the last two characters")
    func alphabets() throws {
        let bytes: [UInt8] = [0xfb, 0xff, 0xbf]
        #expect(Base64.encode(bytes) == "+/+/")
        #expect(Base64URL.encode(bytes) == "-_-_")
        #expect(throws: EncodingError.self) { try Base64.decode("-_-_") }
        #expect(throws: EncodingError.self) { try Base64URL.decode("+/+/") }
    }

    @Test(
        "missing, needless and misplaced padding is refused",
        arguments: ["Zg", "Zg=", "Zm8", "Zm9v====", "Zm9v=", "=", "==", "===", "====", "Z===", "Zg==Zg==", "=Zg="])
    func padding(text: String) {
        #expect(throws: EncodingError.self) { try Base64.decode(text) }
    }

    @Test("the unpadded form refuses padding and impossible lengths", arguments: ["Zg==", "Zm8=", "Z", "Zm9vZ"])
    func unpadded(text: String) {
        #expect(throws: EncodingError.self) { try Base64URL.decode(text) }
    }

    @Test("bits that no byte uses must be zero", arguments: ["Zh", "Zv", "Zm9", "Zm-"])
    func trailingBits(text: String) {
        let error = #expect(throws: EncodingError.self) { try Base64URL.decode(text) }
        #expect(error?.code == "base64_trailing_bits")
    }

    @Test("white space is refused", arguments: ["Zm9v\n", "Zm9 ", " Zm9vYmF"])
    func whitespace(text: String) {
        #expect(throws: EncodingError.self) { try Base64.decode(text) }
    }

    @Test("Foundation encodes alike")
    func foundation() throws {
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<500 {
            let bytes = generator.bytes(upTo: 50)
            let text = Base64.encode(bytes)
            #expect(text == Data(bytes).base64EncodedString())
            #expect(try Base64.decode(text) == bytes)
            #expect(try Base64URL.decode(Base64URL.encode(bytes)) == bytes)
        }
    }

    @Test("a character that is none is found wherever it stands in a long text")
    func placesOfInvalid() throws {
        let text = Array(Base64.encode([UInt8](repeating: 0xa5, count: 60)).utf8)
        for place in text.indices {
            for byte: UInt8 in [0x20, 0x2d, 0x3d, 0x5f, 0x7f, 0x00] {
                var changed = text
                changed[place] = byte
                let changedText = String(decoding: changed, as: UTF8.self)
                // Padding may stand at the end, where it leaves bits that must be zero.
                #expect(throws: EncodingError.self) { try Base64.decode(changedText) }
            }
        }
    }

    @Test("text that decodes has one spelling only")
    func oneSpelling() {
        var generator = SeededGenerator(seed: 4)
        let alphabet = Array("AQgwBh/+-_=Z9".utf8)
        for _ in 0..<6_000 {
            let length = Int.random(in: 0...8, using: &generator)
            let text = String(
                decoding: (0..<length).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] },
                as: UTF8.self)
            if let bytes = try? Base64.decode(text) { #expect(Base64.encode(bytes) == text) }
            if let bytes = try? Base64URL.decode(text) { #expect(Base64URL.encode(bytes) == text) }
        }
    }
}

@Suite struct SecretBase64Tests {
    @Test("text and bytes written where secrets are kept are the same as elsewhere")
    func inPlace() throws {
        for count in 0..<20 {
            let bytes = [UInt8](0..<UInt8(count))
            let output = UnsafeMutableRawBufferPointer.allocate(byteCount: 32, alignment: 1)
            defer { output.deallocate() }
            let length = Base64.encodedCount(count)
            bytes.withUnsafeBytes { Base64.encode($0, into: output) }
            let text = UnsafeRawBufferPointer(rebasing: output[..<length])
            #expect(String(decoding: text, as: UTF8.self) == Base64.encode(bytes))
            #expect(try Base64.decodedCount(text) == count)
            let back = UnsafeMutableRawBufferPointer.allocate(byteCount: 32, alignment: 1)
            defer { back.deallocate() }
            try Base64.decode(text, into: back)
            #expect(back.prefix(count).elementsEqual(bytes))

            bytes.withUnsafeBytes { Base64URL.encode($0, into: output) }
            #expect(
                String(decoding: output[..<Base64URL.encodedCount(count)], as: UTF8.self) == Base64URL.encode(bytes))
        }
    }

    @Test("what is no base64 is refused there too", arguments: ["A", "AAA", "A===", "QR==", "****"])
    func invalid(text: String) {
        let text = Array(text.utf8)
        let output = UnsafeMutableRawBufferPointer.allocate(byteCount: 8, alignment: 1)
        defer { output.deallocate() }
        #expect(throws: EncodingError.self) { try text.withUnsafeBytes { try Base64.decode($0, into: output) } }
    }
}
