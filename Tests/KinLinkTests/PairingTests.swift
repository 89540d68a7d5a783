import KinCrypto
import KinEncoding
import KinIdentity
import KinTesting
import KinWire
import Testing

@testable import KinLink

@Suite struct PairingTests {
    static let path = "kindred/links.json"

    @Test("room and key of a token are the vectors'", arguments: try Vector.list(path, "rooms"))
    func rooms(vector: Vector) throws {
        let room = try PairingRoom(token: SecretBytes(copying: vector.hex("token")))
        #expect(try room.name == vector.text("room"))
        #expect(try room.psk.hex == vector.text("psk"))
    }

    @Test("a token of another length is no token", arguments: [0, 15, 17])
    func tokens(count: Int) {
        #expect(throws: PairingFault.codeInvalid) { try PairingRoom(token: .random(count: count)) }
    }

    @Test("safety numbers are the vectors'", arguments: try Vector.list(path, "safety_numbers"))
    func safetyNumbers(vector: Vector) throws {
        let number = SafetyNumber.ofPairing(handshakeHash: try vector.hex("handshake_hash"))
        #expect(try number.description == vector.text("safety_number"))
        #expect(number.description.wholeMatch(of: /[0-9a-f]{4}( [0-9a-f]{4}){3}/) != nil)
    }

    @Test("the whole pairing is the vectors' bytes, with one number on both sides")
    func vector() throws {
        let vector = try Vector(file: Self.path).entry("pairing")
        let room = try PairingRoom(token: SecretBytes(copying: vector.hex("token")))
        var entered = try Pairing(.entered, room: room, ephemeral: Self.key(vector, "entered_ephemeral"))
        var shown = try Pairing(.shown, room: room, ephemeral: Self.key(vector, "shown_ephemeral"))
        let first = try entered.begin()
        #expect(try Hex.encode(first) == vector.text("first"))
        let second = try shown.answer(first)
        #expect(try Hex.encode(second) == vector.text("second"))
        var mine = try entered.finish(second)
        let third = try mine.begin()
        #expect(try Hex.encode(third) == vector.text("third"))
        var theirs = try shown.confirm(third)
        let numbers = [mine.safetyNumber.description, theirs.safetyNumber.description]
        #expect(numbers == [try vector.text("safety_number"), numbers[0]])
        let said = try vector.entries("transport").map { try ($0.hex("payload"), $0.hex("message")) }
        #expect(try mine.seal(said[0].0) == said[0].1)
        #expect(try theirs.open(said[0].1) == said[0].0)
        #expect(try theirs.seal(said[1].0) == said[1].1)
        #expect(try mine.open(said[1].1) == said[1].0)
    }

    @Test("whoever is in the room without the code is told apart at its first message")
    func wrongCode() throws {
        let (room, other) = try (PairingRoom(token: .random(count: 16)), PairingRoom(token: .random(count: 16)))
        var entered = try Pairing(.entered, room: other)
        var shown = try Pairing(.shown, room: room)
        let first = try entered.begin()
        #expect(Self.fault { _ = try shown.answer(first) } == .wrongCode)
        // The other way round: an answer by somebody who only knows the room.
        var honest = try Pairing(.entered, room: room)
        _ = try honest.begin()
        let forged = Random.bytes(48)
        #expect(Self.finishing(honest, forged) == .wrongCode)
    }

    @Test("every changed byte of any message is refused")
    func tampered() throws {
        let room = try PairingRoom(token: .random(count: 16))
        for index in 0..<48 {
            var entered = try Pairing(.entered, room: room)
            var shown = try Pairing(.shown, room: room)
            var first = try entered.begin()
            first[index] ^= 4
            #expect(Self.fault { _ = try shown.answer(first) } == .wrongCode)
            first[index] ^= 4
            var fresh = try Pairing(.shown, room: room)
            var second = try fresh.answer(first)
            second[index] ^= 4
            #expect(Self.finishing(entered, second) == .wrongCode)
        }
    }

    @Test("a repeated first message shows no number: the third one is missing")
    func replay() throws {
        let room = try PairingRoom(token: .random(count: 16))
        var entered = try Pairing(.entered, room: room)
        var shown = try Pairing(.shown, room: room)
        let first = try entered.begin()
        var channel = try entered.finish(try shown.answer(first))
        let third = try channel.begin()
        for attempt in [third, [], Random.bytes(16)] {
            var again = try Pairing(.shown, room: room)
            _ = try again.answer(first)
            #expect(Self.confirming(again, attempt) == .wrongCode)
        }
        #expect(Self.confirming(shown, third) == nil)
    }

    @Test("a third message that says something is not the third message")
    func talkative() throws {
        let room = try PairingRoom(token: .random(count: 16))
        var entered = try Pairing(.entered, room: room)
        var shown = try Pairing(.shown, room: room)
        var channel = try entered.finish(try shown.answer(entered.begin()))
        #expect(Self.confirming(shown, try channel.seal([1])) == .wrongCode)
    }

    @Test("a third party that has the code can stand between, and the numbers tell")
    func between() throws {
        let room = try PairingRoom(token: .random(count: 16))
        func meet() throws -> [SafetyNumber] {
            var entered = try Pairing(.entered, room: room)
            var shown = try Pairing(.shown, room: room)
            let answer = try shown.answer(entered.begin())
            var mine = try entered.finish(answer)
            let theirs = try shown.confirm(mine.begin())
            return [mine.safetyNumber, theirs.safetyNumber]
        }
        let (left, right) = try (meet(), meet())
        #expect(left[0] == left[1] && right[0] == right[1])
        #expect(left[0] != right[0])
    }

    @Test("after the pairing a message changed or repeated is refused, one too long is not sent")
    func channel() throws {
        let room = try PairingRoom(token: .random(count: 16))
        var entered = try Pairing(.entered, room: room)
        var shown = try Pairing(.shown, room: room)
        var mine = try entered.finish(try shown.answer(entered.begin()))
        var theirs = try shown.confirm(mine.begin())
        var message = try mine.seal([1, 2])
        message[1] ^= 1
        #expect(Self.fault { _ = try theirs.open(message) } == .tampered)
        message[1] ^= 1
        #expect(try theirs.open(message) == [1, 2])
        #expect(Self.fault { _ = try theirs.open(message) } == .tampered)
        #expect(Self.fault { _ = try mine.seal([UInt8](repeating: 0, count: 65_520)) } == .tooLong)
    }

    @Test("out of turn is an error, and every fault has a sentence of its own")
    func faults() throws {
        var shown = try Pairing(.shown, room: PairingRoom(token: .random(count: 16)))
        #expect(Self.fault { _ = try shown.begin() } == .cut)
        #expect(Self.confirming(shown, []) == .cut)
        let errors = PairingFault.allCases.map { KinError($0) }
        #expect(Set(errors.map(\.code)).count == errors.count)
        #expect(Set(errors.map(\.message)).count == errors.count)
    }

    private static func key(_ vector: Vector, _ member: String) throws -> X25519.PrivateKey {
        try X25519.PrivateKey(SecretBytes(copying: vector.hex(member)))
    }

    private static func fault(_ body: () throws -> Void) -> PairingFault? {
        do {
            try body()
            return nil
        } catch {
            return error as? PairingFault
        }
    }

    private static func finishing(_ pairing: consuming Pairing, _ message: [UInt8]) -> PairingFault? {
        do throws(PairingFault) {
            _ = try pairing.finish(message)
            return nil
        } catch {
            return error
        }
    }

    private static func confirming(_ pairing: consuming Pairing, _ message: [UInt8]) -> PairingFault? {
        do throws(PairingFault) {
            _ = try pairing.confirm(message)
            return nil
        } catch {
            return error
        }
    }
}
