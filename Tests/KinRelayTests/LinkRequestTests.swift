import KinRelay
import Testing

@Suite struct LinkRequestTests {
    static let session = String(repeating: "0f", count: 16)
    static let machine = Family.machineID(1)

    @Test("a link is to a device, or answers a session")
    func sound() throws {
        guard case .toDevice(let slot) = try LinkRequest(owner: Family().route, machine: Self.machine, session: nil),
            case .fromDevice(let session) = try LinkRequest(owner: nil, machine: nil, session: Self.session)
        else {
            Issue.record("the query says which")
            return
        }
        #expect(slot.machine.description == Self.machine)
        #expect(session.bytes == [UInt8](repeating: 15, count: 16))
    }

    @Test(
        "a session that is not 32 lower-case hex digits is refused by its name",
        arguments: [
            "", "0f", session + "0", String(session.dropLast()), session.uppercased(),
            String(repeating: "g", count: 32),
        ])
    func badSession(session: String) {
        let fault = #expect(throws: RegistrationFault.self) {
            try LinkRequest(owner: nil, machine: nil, session: session)
        }
        #expect(fault?.field == .session && fault?.code == "invalid_session" && fault?.status == 400)
    }

    @Test("a session with a device beside it is refused: nobody chooses who answers")
    func both() {
        #expect(throws: RegistrationFault.self) {
            try LinkRequest(owner: Family().route, machine: nil, session: Self.session)
        }
        #expect(throws: RegistrationFault.self) {
            try LinkRequest(owner: nil, machine: Self.machine, session: Self.session)
        }
    }

    @Test("a link to nobody is refused as a registration of nobody is")
    func nobody() {
        for (owner, machine) in [(nil, nil), (Family().route, nil), (nil, Self.machine), ("x", Self.machine)] {
            let fault = #expect(throws: RegistrationFault.self) {
                try LinkRequest(owner: owner, machine: machine, session: nil)
            }
            #expect(fault?.field == .owner || fault?.field == .machine)
        }
    }

    @Test(
        "a room that is not 64 lower-case hex digits is refused by its name",
        arguments: [
            nil, "", String(repeating: "a", count: 63), String(repeating: "a", count: 65),
            String(repeating: "A", count: 64), String(repeating: "é", count: 32),
        ] as [String?])
    func badRoom(room: String?) {
        let fault = #expect(throws: RegistrationFault.self) { try RoomID(room) }
        #expect(fault?.field == .room && fault?.code == "invalid_room")
    }
}
