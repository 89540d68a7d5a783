import KinTesting
import KinVault
import Testing

@Suite struct DerivationPathTests {
    @Test(
        "a path is read and written alike",
        arguments: ["m", "m/0", "m/0'", "m/44'/501'/0'/0'", "m/2147483647'/2147483647", "m/44'/60'/0'/0/0"])
    func valid(text: String) throws {
        #expect(try DerivationPath(text).description == text)
    }

    @Test("an h is an apostrophe")
    func letter() throws {
        #expect(try DerivationPath("m/44h/501'/3h") == DerivationPath(hardened: [44, 501, 3]))
    }

    @Test(
        "anything else is refused",
        arguments: [
            "", "/", "M", "n/0", "0'", "44'/501'", "m/", "m//0", "m/0/", "/m", "m/'", "m/h", "m/-1", "m/+1", "m/ 1",
            "m/1 ",
            "m/0x1", "m/1''", "m/1'h", "m/1H", "m/00", "m/01'", "m/2147483648", "m/2147483648'", "m/4294967296",
            "m/99999999999", "m/١", "m/1’", "mm/1", "m/1/m", "m\u{301}/1", "m/1\u{301}",
            "m" + String(repeating: "/0", count: 256), String(repeating: "/", count: 100_000),
        ])
    func invalid(text: String) {
        let error = #expect(throws: DerivationError.self) { try DerivationPath(text) }
        #expect(error?.code == "derivation_path_invalid")
    }

    @Test("255 steps are the most")
    func depth() throws {
        #expect(try DerivationPath("m" + String(repeating: "/0", count: 255)).steps.count == 255)
        #expect(throws: DerivationError.self) { try DerivationPath(hardened: Array(repeating: 0, count: 256)) }
        #expect(throws: DerivationError.self) { try DerivationPath(hardened: [1 << 31]) }
    }

    @Test("what parses is written as it was read")
    func fuzz() {
        var generator = SeededGenerator(seed: 21)
        let alphabet = Array("m/0123456789'h".utf8)
        var parsed = 0
        for _ in 0..<6_000 {
            let text =
                "m/"
                + String(
                    decoding: (0..<Int.random(in: 0...8, using: &generator)).map { _ in
                        alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
                    }, as: UTF8.self)
            guard let path = try? DerivationPath(text) else { continue }
            parsed += 1
            #expect(path.description == text.replacing("h", with: "'"))
        }
        #expect(parsed > 150)
    }
}
