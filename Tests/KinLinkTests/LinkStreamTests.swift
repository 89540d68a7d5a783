import KinCrypto
import KinEncoding
import KinTesting
import KinWire
import Testing

@testable import KinLink

@Suite struct LinkStreamTests {
    @Test("frames of every length come whole and in order, in both directions")
    func frames() async throws {
        var pair = try await TwoDevices.fresh().links()
        let sizes = [0, 1, 0, 65_517, 65_518, 65_519, 131_036, 131_037, 300_000, 0]
        for size in sizes {
            try pair.caller.submit(content(size))
            try pair.called.submit(content(size + 1))
            let came = try pair.settle()
            #expect(came.called.map(\.count) == [size] && came.called == [content(size)])
            #expect(came.caller == [content(size + 1)])
        }
    }

    @Test("a frame is cut as the vectors say", arguments: try Vector.list("kindred/links.json", "frames"))
    func cut(vector: Vector) throws {
        var (outgoing, incoming) = (OutgoingStream(), IncomingStream(maxFrame: LinkLimits.maxFrame))
        let frame = content(Int(try vector.integer("size")))
        outgoing.submit(frame)
        var records: [[UInt8]] = []
        var came: [[UInt8]] = []
        while let record = outgoing.next() {
            records.append(record)
            switch try LinkRecord(record) {
            case .more(let part): #expect(try incoming.take(part, isLast: false) == nil)
            case .last(let part): came.append(try incoming.take(part, isLast: true).orThrow("the frame"))
            default: Issue.record("no other record is cut from a frame")
            }
            try outgoing.acknowledge(through: incoming.acknowledge())
        }
        let expected = try vector.json("records").elements.map(\.elements)
        #expect(records.count == expected.count)
        for (record, wanted) in zip(records, expected) {
            #expect(wanted == [.integer(Int64(record.count)), .string(Hex.encode(Digest.sha256(record)))])
        }
        #expect(came == [frame])
        #expect(outgoing.isDrained && outgoing.byteCount == 0)
    }

    @Test("the longest frame passes, a longer one is refused where it is given and where it comes")
    func longest() async throws {
        let devices = try await TwoDevices.fresh()
        var pair = try devices.links()
        let longest = [UInt8](repeating: 9, count: LinkLimits.maxFrame)
        #expect(fault { try pair.caller.submit(longest + [9]) } == .frameTooLarge)
        try pair.caller.submit(longest)
        let came = try pair.settle()
        #expect(came.called.map(\.count) == [LinkLimits.maxFrame])

        var incoming = IncomingStream(maxFrame: 100_000)
        let part = content(LinkRecord.maxContent)
        _ = try incoming.take(part, isLast: false)
        #expect(fault { _ = try incoming.take(part, isLast: false) } == .frameTooLarge)
        #expect(incoming.byteCount == part.count)
    }

    @Test("without acknowledgements a side sends 1 MiB and waits, and keeps no more")
    func window() async throws {
        var pair = try await TwoDevices.fresh().links()
        try pair.caller.submit(content(4 << 20))
        var sent: [[UInt8]] = []
        while let message = try pair.caller.next() { sent.append(message) }
        // As many full messages as fit 1,048,576 bytes.
        #expect(sent.count == 16)
        let held = pair.caller.outgoing.end
        #expect(held == 16 * 65_519)
        for message in sent.prefix(4) { _ = try pair.called.receive(message) }
        #expect(try pair.called.next() == nil, "a quarter of the window is not full yet")
        _ = try pair.called.receive(sent[4])
        let told = try pair.called.next().orThrow("an acknowledgement")
        _ = try pair.caller.receive(told)
        var more = 0
        while try pair.caller.next() != nil { more += 1 }
        #expect(more == 5)
    }

    @Test("many short frames wait for acknowledgements by their number")
    func shortFrames() async throws {
        var pair = try await TwoDevices.fresh().links()
        var count = 0
        while pair.caller.isReady {
            try pair.caller.submit([])
            count += 1
        }
        #expect(count == LinkLimits.windowRecords)
        #expect(fault { try pair.caller.submit([]) } == .busy)
        var sent: [[UInt8]] = []
        while let message = try pair.caller.next() { sent.append(message) }
        #expect(sent.count == LinkLimits.windowRecords)
        try pair.caller.submit([1])
        #expect(try pair.caller.next() == nil)
        for message in sent.prefix(1023) { _ = try pair.called.receive(message) }
        #expect(try pair.called.next() == nil)
        _ = try pair.called.receive(sent[1023])
        _ = try pair.caller.receive(pair.called.next().orThrow("an acknowledgement"))
        #expect(try pair.caller.next() != nil)
    }

    @Test("what is not taken off in time is refused, and the link is as before")
    func busy() async throws {
        var pair = try await TwoDevices.fresh().links()
        try pair.caller.submit(content(2 << 20))
        #expect(fault { try pair.caller.submit([1]) } == .busy)
        let isReady = pair.caller.isReady
        #expect(!isReady)
        #expect(try pair.settle().called == [content(2 << 20)])
        try pair.caller.submit([1])
        #expect(try pair.settle().called == [[1]])
    }

    @Test("little that came is acknowledged when asked, and only once")
    func acknowledgeWhenIdle() async throws {
        var pair = try await TwoDevices.fresh().links()
        pair.called.acknowledge()
        #expect(try pair.called.next() == nil, "nothing came")
        try pair.caller.submit([1, 2, 3])
        _ = try pair.settle()
        let kept = pair.caller.outgoing.byteCount
        #expect(kept == 4)
        pair.called.acknowledge()
        pair.called.acknowledge()
        _ = try pair.caller.receive(pair.called.next().orThrow("an acknowledgement"))
        #expect(try pair.called.next() == nil)
        let left = pair.caller.outgoing.byteCount
        #expect(left == 0)
    }

    @Test("an end comes behind everything submitted, with its reason; then nothing more is taken or given")
    func end() async throws {
        var pair = try await TwoDevices.fresh().links()
        try pair.caller.submit(content(200_000))
        pair.caller.end(reason: "done")
        #expect(fault { try pair.caller.submit([1]) } == .ended)
        var events: [Link.Event] = []
        while let message = try pair.caller.next() {
            if let event = try pair.called.receive(message) { events.append(event) }
        }
        #expect(events == [.frame(content(200_000)), .ended(reason: "done")])
        let ended = [pair.caller.hasEnded, pair.called.hasEnded]
        #expect(ended == [true, true])
        #expect(try pair.called.next() == nil)
        #expect(fault { try pair.called.submit([1]) } == .ended)
        #expect(fault { _ = try pair.called.receive([]) } == .ended)
        #expect(pair.caller.cut(at: 0) == nil)
        #expect(pair.called.cut(at: 0) == nil)
    }

    @Test("messages changed, repeated, left out or reordered are refused; the link can be continued")
    func tampered() async throws {
        var pair = try await TwoDevices.fresh().links()
        for number in 0..<3 { try pair.caller.submit([UInt8(number)]) }
        var messages: [[UInt8]] = []
        while let message = try pair.caller.next() { messages.append(message) }
        var changed = messages[0]
        changed[3] ^= 1
        for wrong in [changed, messages[1], messages[2], [], Array(messages[0].dropLast())] {
            let found = fault { _ = try pair.called.receive(wrong) }
            #expect(found == .tampered)
        }
        #expect(try pair.called.receive(messages[0]) == .frame([0]))
        #expect(fault { _ = try pair.called.receive(messages[0]) } == .tampered)
        #expect(pair.called.cut(at: 0)?.receivedThrough == 2)
    }

    @Test(
        "a side that breaks the rules ends the link for good",
        arguments: [
            ([9], LinkFault.malformed), ([], .malformed), ([0, 1], .malformed),
            ([2, 0, 0, 0, 0, 0, 0, 0, 9], .positionInvalid),
        ])
    func rules(record: [UInt8], expected: LinkFault) async throws {
        var pair = try await TwoDevices.fresh().links()
        let message = try pair.caller.cipher.seal(record)
        #expect(fault { _ = try pair.called.receive(message) } == expected)
        #expect(fault { _ = try pair.called.receive(message) } == .ended)
        #expect(pair.called.cut(at: 0) == nil)
    }

    @Test("keys change after 2^16 messages as the vectors say, and the stream goes on")
    func rekey() async throws {
        let vector = try LinkVectors()
        var pair = try vector.links()
        let wanted = try vector.file.entry("rekeys").entry("messages")
        for number in 1...65_537 {
            try pair.caller.submit([])
            let message = try pair.caller.next().orThrow("a message")
            if wanted.has("\(number)") { #expect(Hex.encode(message) == (try wanted.text("\(number)"))) }
            guard case .frame([])? = try pair.called.receive(message) else {
                Issue.record("message \(number) did not come")
                return
            }
            if let told = try pair.called.next() { _ = try pair.caller.receive(told) }
        }
        #expect(wanted.memberNames == ["65535", "65536", "65537"])
    }

    @Test(
        "whatever a member says, there is an answer, and no more is kept than a frame",
        arguments: 1...3 as ClosedRange<UInt64>)
    func hostileMember(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        let devices = try await TwoDevices.fresh()
        var pair = try devices.links()
        var ended = 0
        for _ in 0..<150 {
            for _ in 0..<generator.number(in: 0..<3) where pair.called.isReady { try pair.called.submit([1, 2]) }
            _ = try pair.called.next()
            let message = try pair.caller.cipher.seal(Self.record(&generator))
            let found = fault { _ = try pair.called.receive(message) }
            #expect([nil, .malformed, .positionInvalid, .ended].contains(found))
            let (held, hasEnded) = (pair.called.incoming.byteCount, pair.called.hasEnded)
            #expect(held <= LinkLimits.maxFrame)
            guard hasEnded else { continue }
            ended += 1
            pair = try devices.links()
        }
        #expect(ended > 0)
    }

    /// Mostly sound.
    private static func record(_ generator: inout SeededGenerator) -> [UInt8] {
        let number = Int64(generator.number(in: 0..<40))
        return switch generator.number(in: 0..<30) {
        case 0: generator.bytes(upTo: 40)
        case 1: LinkRecord.acknowledgement(through: number * 3).encoded()
        case 2: [2] + generator.bytes(8)
        case 3...20: LinkRecord.last(generator.bytes(upTo: 40)).encoded()
        default: LinkRecord.more([UInt8](repeating: 1, count: LinkRecord.maxContent)).encoded()
        }
    }
}
