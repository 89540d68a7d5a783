import Foundation
import KinIdentity
import KinTesting
import KinWire
import Testing

/// Several meshes of one machine.
@Suite struct MeshFolderTests {
    let folder: TemporaryFolder
    let now = TestClock.start

    init() throws { folder = try TemporaryFolder() }

    @Test("its name is home, or a slug and eight letters of a wallet; nothing that leads elsewhere")
    func names() throws {
        #expect(MeshFolder("home") == .home)
        for text in ["home@7xKXtg2C", "all@7xKXtg2C"] { #expect(MeshFolder(text)?.description == text) }
        for text in [
            "", "work", "home@", "home@7xKXtg2", "home@7xKXtg2CC", "home@7xKXtg20", "home@../../..", "../x@7xKXtg2C",
            "a/b@7xKXtg2C", "HOME@7xKXtg2C", "home@7xKX/g2C", ".@7xKXtg2C", "home@7xKXtgé",
        ] { #expect(MeshFolder(text) == nil, "\(text)") }
        let error = #expect(throws: KinError.self) {
            try StateFolder(environment: ["KINDRED_HOME": folder.path, "KINDRED_MESH": "../x"])
        }
        #expect(error?.code == "mesh_invalid" && error?.message.contains("home@") == true)
    }

    @Test("a machine with a family of its own joins another's mesh beside it, and leaves one without the other")
    func beside() async throws {
        let (own, other) = (try TestWallet(), try TestFamily())
        let home = StateFolder(root: folder.file("home"))
        try await Enrolment(state: home, now: now).enrol(own.file, signer: own)
        let ticket = try await other.ticket(role: .machine, uses: 1)
        let place = try TicketJoining(state: home, now: now).place(for: ticket.text)
        #expect(place.mesh.description == "home@\(other.wallet.address.description.prefix(8))")
        _ = try TicketJoining(state: place, now: now).join(ticket.text)
        #expect(home.meshes() == [.home, place.mesh])
        let (mine, theirs) = (try Installation(home), try Installation(place))
        #expect(mine.mesh == own.home && theirs.mesh == other.mesh)
        #expect(mine.machineID == theirs.machineID, "one machine")
        #expect(mine.keys.signing.publicKey != theirs.keys.signing.publicKey, "two members that keys do not link")
        #expect(mine.chain.member != theirs.chain.member)
        #expect(try TicketJoining(state: place, now: now).place(for: ticket.text) == place)

        let strange = StateFolder(root: home.root, mesh: try #require(MeshFolder("home@11111111")))
        let error = #expect(throws: KinError.self) { _ = try TicketJoining(state: strange, now: now).join(ticket.text) }
        #expect(error?.code == "mesh_differs")
        await #expect(throws: KinError.self) {
            try await Enrolment(state: place, now: now).enrol(own.file, signer: own)
        }
        #expect(home.meshes() == [.home, place.mesh])

        _ = try Forgetting(state: home, now: now).forget()
        #expect(home.meshes() == [place.mesh])
        #expect(try Installation(place).machineID == theirs.machineID)
        _ = try Forgetting(state: place, now: now).forget()
        #expect(home.meshes().isEmpty)
        #expect(!FileManager.default.fileExists(atPath: home.path("device.json")))
    }

    @Test("a ticket of the machine's own wallet, or of no family yet, goes with home")
    func own() async throws {
        let family = try TestFamily()
        let ticket = try await family.ticket(role: .guest, uses: 1)
        let fresh = StateFolder(root: folder.file("fresh"), mesh: .home)
        #expect(try TicketJoining(state: fresh, now: now).place(for: ticket.text) == fresh)
        try await Enrolment(state: fresh, now: now).enrol(family.wallet.file, signer: family.wallet)
        #expect(try TicketJoining(state: fresh, now: now).place(for: ticket.text) == fresh)
    }
}
