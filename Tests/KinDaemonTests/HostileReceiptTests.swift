import KinDaemonAPI
import KinEncoding
import KinTesting
import KinWire
import Testing

/// Receipts by whom they are not, and for what was never sent. None changes the sender's outbox.
@Suite struct HostileReceiptTests {
    /// Laptop has written to studio, which is not told: the message stays relayed unless somebody lies well enough.
    private func besieged(_ body: @escaping @Sendable (Siege, ClientMessageID) async throws -> Void) async throws {
        try await Siege.lay(to: ["laptop", "studio", "kiosk"]) { siege in
            siege.withhold("push")
            let answer = try await siege.laptop.send("relayed", to: "studio")
            try await siege.laptop.waits(for: answer.clientMessageID, toBe: .relayed)
            try await body(siege, answer.clientMessageID)
            #expect(try await siege.laptop.client.message(answer.clientMessageID).status == .relayed)
        }
    }

    @Test("another member's receipt does not count, whatever it says", arguments: [Receipt.Kind.delivered, .read])
    func another(kind: Receipt.Kind) async throws {
        try await besieged { siege, id in
            let (laptop, kiosk) = (try Forger(siege.laptop), try Forger(siege.kiosk))
            siege.tell(siege.laptop, try kiosk.receipt("r1", kind, of: [id], to: laptop.member))
            try await siege.expect(siege.laptop, ["receipt_foreign": 1, "receipt_duplicate": 1])
        }
    }

    @Test("a broker without a key makes no receipt: of its own bytes, or of another's under the recipient's name")
    func withoutKey() async throws {
        try await besieged { siege, id in
            let (laptop, kiosk) = (try Forger(siege.laptop), try Forger(siege.kiosk))
            let lent = try kiosk.receipt("r1", .delivered, of: [id], to: laptop.member)
            siege.tell(siege.laptop, lent.with { $0.sender = siege.studio.version.member })
            siege.tell(siege.laptop, Pushed(lent.header, [UInt8](repeating: 7, count: 300)))
            try await siege.expect(siege.laptop, ["does_not_open": 2])
        }
    }

    @Test("ids that were never sent, and a refusal of them, are counted one by one")
    func neverSent() async throws {
        try await besieged { siege, _ in
            let (laptop, studio) = (try Forger(siege.laptop), try Forger(siege.studio))
            let ids = try (1...256).map { try ClientMessageID("never-\($0)").orThrow("an id") }
            siege.tell(siege.laptop, try studio.receipt("r1", .delivered, of: ids, to: laptop.member))
            try await siege.expect(siege.laptop, ["receipt_foreign": 256, "receipt_duplicate": 1])
            #expect(try await siege.laptop.call(.GET, "/v1/message/never-1").status == 404)
        }
    }

    @Test("what is no receipt is none: 257 ids, none, an unknown kind, text")
    func malformed() async throws {
        try await besieged { siege, id in
            let (laptop, studio) = (try Forger(siege.laptop), try Forger(siege.studio))
            let many = (0...256).map { _ in #""\#(id)""# }.joined(separator: ",")
            let bodies = [
                #"{"at":1,"ids":[\#(many)],"kind":"delivered"}"#, #"{"at":1,"ids":[],"kind":"delivered"}"#,
                #"{"at":1,"ids":["\#(id)"],"kind":"liked"}"#, #"{"at":-1,"ids":["\#(id)"],"kind":"delivered"}"#,
                #"{"at":1,"ids":["\#(id)"],"kind":"refused"}"#, #"{"at":1, "ids":["\#(id)"],"kind":"read"}"#, "thanks",
            ]
            for (index, body) in bodies.enumerated() {
                let message = try studio.message("r\(index)", to: laptop.member, body: body) {
                    $0.contentType = Receipt.contentType
                }
                siege.tell(siege.laptop, try studio.push(message, to: laptop.member))
            }
            try await siege.expect(siege.laptop, ["receipt_malformed": Int64(bodies.count)])
        }
    }

    @Test("a receipt that comes again changes nothing, and a later refusal does not take a delivery back")
    func again() async throws {
        try await Siege.lay { siege in
            let answer = try await siege.laptop.send("arrived", to: "studio")
            let before = try await siege.laptop.waits(for: answer.clientMessageID, toBe: .delivered)
            // The receipt is among what the studio's daemon said; the rest (keys, what it says of itself) changes nothing when it comes again.
            let said = siege.passed.value.compactMap { Pushed($0.frame) }.filter {
                $0.header.sender == siege.studio.version.member
                    && $0.header.destination == .dm(siege.laptop.version.member)
            }
            for push in said {
                siege.tell(siege.laptop, push)
                siege.tell(siege.laptop, push.with { $0.brokerMessageID += 1000 })
            }
            try await siege.expect(siege.laptop, ["receipt_duplicate": 2])
            let (laptop, studio) = (try Forger(siege.laptop), try Forger(siege.studio))
            let body = #"{"at":1,"ids":["\#(answer.clientMessageID)"],"kind":"refused","reason":"expired"}"#
            let refusal = try studio.message("late", to: laptop.member, body: body) {
                $0.contentType = Receipt.contentType
            }
            siege.tell(siege.laptop, try studio.push(refusal, to: laptop.member))
            try await siege.expect(siege.laptop, ["receipt_duplicate": 3])
            #expect(try await siege.laptop.client.message(answer.clientMessageID) == before)
            #expect(try await siege.laptop.inbox() == [])
        }
    }
}
