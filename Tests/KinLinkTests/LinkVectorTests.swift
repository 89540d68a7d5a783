import KinCrypto
import KinEncoding
import KinTesting
import KinWire
import Testing

@testable import KinLink

/// `Vectors/kindred/links.json`, which another implementation made: handshakes, and what is said after them.
@Suite struct LinkVectorTests {
    let vectors: LinkVectors

    init() throws { vectors = try LinkVectors() }

    @Test("both messages of a handshake are those of the vectors", arguments: ["a new link", "continued", "refused"])
    func handshakes(name: String) throws {
        let vector = try vectors.handshake(name)
        let opening = try LinkOpening(canonical: vector.utf8("opening"))
        var calling = try vectors.initiator(vector)
        var answering = try vectors.responder(vector)
        let first = try calling.open(nonce: opening.nonce, now: opening.time)
        #expect(try Hex.encode(first) == vector.text("first"))
        var second: [UInt8] = []
        var refusal: LinkFault?
        let acceptance = try vectors.answer(vector)
        do throws(LinkFault) {
            _ = try answering.read(first, now: vectors.now)
            if let acceptance {
                second = try answering.answer(
                    link: acceptance.link, receivedThrough: acceptance.receivedThrough, now: acceptance.time)
            }
        } catch {
            refusal = error
            second = answering.refuse(error) ?? []
        }
        #expect((refusal == nil) == (name != "refused"))
        #expect(try Hex.encode(second) == vector.text("second"))
        guard refusal == nil else { return }
        let connection = try calling.finish(second, now: vectors.now)
        #expect(try Hex.encode(connection.handshakeHash) == vector.text("handshake_hash"))
        let isContinued = connection.isContinued
        #expect(isContinued == (name == "continued"))
    }

    @Test("what is said on the link, through a cut and an end, is the vectors' bytes")
    func conversation() throws {
        let messages = try vectors.handshake("a new link").entries("transport").map { try $0.hex("message") }
        var pair = try vectors.links()
        // messages[0], the first acknowledgement, went with the handshake.
        try pair.caller.submit(Array("hello".utf8))
        #expect(try pair.caller.next() == messages[1])
        #expect(try pair.called.receive(messages[1]) == .frame(Array("hello".utf8)))
        try pair.called.submit([])
        #expect(try pair.called.next() == messages[2])
        #expect(try pair.caller.receive(messages[2]) == .frame([]))
        pair.caller.acknowledge()
        #expect(try pair.caller.next() == messages[3])
        #expect(try pair.called.receive(messages[3]) == nil)
        pair.called.acknowledge()
        #expect(try pair.called.next() == messages[4])
        #expect(try pair.caller.receive(messages[4]) == nil)
        pair.called.end(reason: "done")
        #expect(try pair.called.next() == messages[5])
        #expect(try pair.caller.receive(messages[5]) == .ended(reason: "done"))
    }

    @Test("a link that was cut goes on with the vectors' bytes")
    func continued() throws {
        var pair = try vectors.links()
        try pair.caller.submit(Array("hello".utf8))
        try pair.called.submit([])
        _ = try pair.settle()
        let (mine, theirs) = try (
            pair.caller.cut(at: vectors.now).orThrow("a link"), pair.called.cut(at: vectors.now).orThrow("a link")
        )
        let vector = try vectors.handshake("continued")
        let opening = try LinkOpening(canonical: vector.utf8("opening"))
        #expect(mine.resumption(at: vectors.now) == opening.resume)
        #expect(theirs.receivedThrough == (try vectors.answer(vector))?.receivedThrough)
        var calling = try vectors.initiator(vector)
        var answering = try vectors.responder(vector)
        _ = try answering.read(calling.open(nonce: opening.nonce, now: opening.time), now: vectors.now)
        let answer = try answering.answer(
            link: theirs.id, receivedThrough: theirs.receivedThrough, now: vectors.now + 40)
        var caller = try Link(continuing: mine, on: calling.finish(answer, now: vectors.now))
        let first = try caller.next().orThrow("the first message")
        let said = try vector.entries("transport").map { try $0.hex("message") }
        #expect(first == said[0])
        var called = try Link(continuing: theirs, on: answering.confirm(first))
        try called.submit(Array("hello".utf8))
        #expect(try called.next() == said[1])
        #expect(try caller.receive(said[1]) == .frame(Array("hello".utf8)))
    }

    @Test(
        "what is sent again is what the vectors say, or a fault",
        arguments: try Vector.list("kindred/links.json", "resumes"))
    func resumes(vector: Vector) throws {
        var outgoing = OutgoingStream()
        for size in try vector.json("frames").elements {
            guard case .integer(let size) = size else { continue }
            outgoing.submit(content(Int(size)))
        }
        while outgoing.next() != nil {}
        let found = fault { try outgoing.restart(from: vector.integer("position")) }
        guard try vector.json("again") != .null else {
            #expect(found == .positionInvalid)
            return
        }
        #expect(found == nil)
        var again: [JSON] = []
        while let record = outgoing.next() { again.append(.integer(Int64(record.count))) }
        #expect(try vector.json("again") == .array(again))
    }
}
