import Foundation
import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinTestServer
import KinTesting
import KinVault
import KinWire
import Testing

@Suite struct SuccessionTests {
    static let hour: Int64 = 3_600_000

    /// Hands the family over as `kin wallet rotate` does.
    private func rotate(
        _ daemon: TestDaemon, from old: any WalletSigner, to new: VaultWallet, with: [String] = []
    ) async throws {
        let plan = try await daemon.client.draftSuccession(to: new.address, with: with)
        var certificates: [Certificate] = []
        for certificate in plan.certificates { certificates.append(try await new.sign(certificate)) }
        _ = try await daemon.client.succeed(
            SignedSuccession(
                succession: try await plan.succession.signed(old: old, new: new), certificates: certificates,
                issuer: try await new.sign(plan.issuer), wallet: new.walletFile.shared))
    }

    private func newWallet() throws -> VaultWallet { try VaultWallet(phrase: .generate()) }

    private func isIn(_ wallet: VaultWallet, _ daemon: TestDaemon) async throws {
        try await eventually("\(daemon.version.name) is in the new mesh") {
            (try? await daemon.client.version().mesh) == .home(of: wallet.address)
        }
    }

    @Test("three devices move by themselves; what is sent before, meanwhile and after arrives once")
    func moves() async throws {
        try await House.run { house in
            let daemons = try await house.longFamily("laptop", "studio", "kiosk")
            let wallet = try newWallet()
            _ = try await daemons[1].client.set(.preferOldest)
            _ = try await daemons[1].send("before", to: "kiosk")
            try await rotate(daemons[0], from: house.wallet, to: wallet)
            for turn in 0..<20 { _ = try? await daemons[1].send("during \(turn)", to: "laptop", id: "during-\(turn)") }
            for daemon in daemons { try await isIn(wallet, daemon) }
            for daemon in daemons { try await daemon.sees(["laptop", "studio", "kiosk"]) }
            // Whoever was between two lives said that nobody answers: the same request again.
            for turn in 0..<20 { _ = try await daemons[1].send("during \(turn)", to: "laptop", id: "during-\(turn)") }
            _ = try await daemons[2].send("after", to: "studio")
            #expect(try await daemons[0].bodies(20).sorted() == (0..<20).map { "during \($0)" }.sorted())
            #expect(try await daemons[1].bodies(1) == ["after"])
            #expect(try await daemons[2].bodies(1) == ["before"])
            for (index, daemon) in daemons.enumerated() {
                let installation = try Installation(daemon.state)
                #expect(installation.chain.member == daemon.version.member)
                #expect(installation.wallet.routeID == wallet.walletFile.routeID)
                #expect(installation.wallet.recordKey == wallet.walletFile.recordKey)
                #expect((installation.issuer != nil) == (index == 0))
                #expect(try await daemon.client.health().succession == nil)
                try await eventually("the family's settings hold there too") {
                    try await daemon.client.meshSettings().concurrentPolicy == .preferOldest
                }
            }
        }
    }

    @Test("a device that was away finds everything that waits, follows, and loses and repeats nothing")
    func away() async throws {
        try await House.run { house in
            let daemons = try await house.longFamily("laptop", "studio", "kiosk")
            let wallet = try newWallet()
            try await daemons[2].stop()
            for turn in 0..<5 { _ = try await daemons[1].send("before \(turn)", to: "kiosk") }
            let last = try await daemons[0].send("last", to: "kiosk").clientMessageID
            try await daemons[0].waits(for: last, toBe: .relayed)
            try await rotate(daemons[0], from: house.wallet, to: wallet)
            for daemon in daemons.prefix(2) { try await isIn(wallet, daemon) }
            try await daemons[1].isConnected()
            // By the name it had, though it shows no record in the new family yet.
            try await eventually("studio knows its certificate") {
                (try? await daemons[1].send("after", to: "kiosk", id: "after")) != nil
            }
            let kiosk = try await house.start("kiosk")
            try await isIn(wallet, kiosk)
            let bodies = try await kiosk.bodies(7)
            #expect(bodies.sorted() == ["after", "before 0", "before 1", "before 2", "before 3", "before 4", "last"])
            try await daemons[0].waits(for: last, toBe: .delivered)
            #expect(try await kiosk.inbox().count == 7)
        }
    }

    @Test("a device that has not known the speaker for a day asks, and follows when it is told to")
    func asks() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let wallet = try newWallet()
            try await rotate(daemons[0], from: house.wallet, to: wallet, with: ["studio"])
            try await isIn(wallet, daemons[0])
            let notice = try await eventually("studio says so") { try await daemons[1].client.health().succession }
            #expect(notice.contains("kin wallet rotate --follow \(wallet.address)"))
            try await eventually("it holds its certificate") {
                try await daemons[1].client.successionProgress().candidates.first?.held == true
            }
            #expect(try await daemons[1].client.version().mesh == .home(of: house.wallet.address))
            let unknown = await #expect(throws: KinError.self) {
                _ = try await daemons[1].client.follow(newWallet().address)
            }
            #expect(unknown?.code == "unknown_succession")
            _ = try await daemons[1].client.follow(wallet.address)
            try await isIn(wallet, daemons[1])
        }
    }

    @Test(
        "a thief who is first leads nobody away: with a second wallet each device goes where its user says, and messages still arrive"
    )
    func rivals() async throws {
        try await House.run { house in
            let daemons = try await house.longFamily("laptop", "studio")
            let (mine, thiefs) = (try newWallet(), try newWallet())
            // The thief has the old phrase, and has made himself an owner device.
            let kiosk = try await house.start("kiosk")
            try await kiosk.sees(["laptop", "studio", "kiosk"])
            try await rotate(kiosk, from: house.wallet, to: thiefs, with: ["laptop", "studio"])
            try await isIn(thiefs, kiosk)
            _ = try await daemons[1].send("meanwhile", to: "laptop")
            try await rotate(daemons[0], from: house.wallet, to: mine)
            for daemon in daemons {
                try await eventually("\(daemon.version.name) holds both") {
                    let progress = try await daemon.client.successionProgress()
                    return progress.candidates.filter(\.held).count == 2 && progress.following == nil
                }
                #expect(try await daemon.client.health().succession?.contains("several wallets") == true)
                #expect(try await daemon.client.version().mesh == .home(of: house.wallet.address))
            }
            for daemon in daemons.reversed() { _ = try await daemon.client.follow(mine.address) }
            for daemon in daemons { try await isIn(mine, daemon) }
            try await daemons[1].sees(["laptop", "studio"])
            _ = try await daemons[1].send("we are here", to: "laptop")
            #expect(try await daemons[0].bodies(2).sorted() == ["meanwhile", "we are here"])
            #expect(try await kiosk.client.version().mesh == .home(of: thiefs.address))
        }
    }

    @Test("a device that the thief made is left behind; a new one that is named comes along")
    func leavesBehind() async throws {
        try await House.run { house in
            let daemons = try await house.longFamily("laptop", "studio")
            let (thief, tablet, wallet) = try await (house.start("thief"), house.start("tablet"), newWallet())
            try await daemons[0].sees(["laptop", "studio", "tablet", "thief"])
            let unnamed = try await daemons[0].client.draftSuccession(to: wallet.address)
            #expect(unnamed.left.map(\.name).sorted() == ["tablet", "thief"])
            #expect(unnamed.names.sorted() == ["laptop", "studio"])
            try await rotate(daemons[0], from: house.wallet, to: wallet, with: ["tablet"])
            for daemon in daemons { try await isIn(wallet, daemon) }
            _ = try await eventually("the tablet hears of it") { try await tablet.client.health().succession }
            _ = try await tablet.client.follow(wallet.address)
            try await isIn(wallet, tablet)
            _ = try await eventually("the thief hears of it") { try await thief.client.health().succession }
            _ = try await thief.client.follow(wallet.address)
            let progress = try await thief.client.successionProgress()
            #expect(progress.candidates.map(\.held) == [false], "it has no certificate")
            let folder = SuccessionFile.folder(of: wallet.address, in: thief.state)
            #expect(!FileManager.default.fileExists(atPath: folder))
        }
    }

    @Test("the new phrase given on a second device makes that one follow; it never speaks against the first")
    func twoSpeakers() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let wallet = try newWallet()
            // The first leaves the second behind: it holds no certificate when it is told the phrase.
            try await rotate(daemons[0], from: house.wallet, to: wallet)
            try await isIn(wallet, daemons[0])
            _ = try await eventually("studio hears of it") { try await daemons[1].client.health().succession }
            try await rotate(daemons[1], from: house.wallet, to: wallet)
            try await isIn(wallet, daemons[1])
            try await daemons[1].isConnected()
            try await daemons[1].sees(["laptop", "studio"])
            _ = try await daemons[1].send("here", to: "laptop")
            #expect(try await daemons[0].bodies(1) == ["here"])
        }
    }

    @Test("the phrase given on two devices at once: one speaks, the other follows it")
    func atOnce() async throws {
        try await House.run { house in
            let daemons = try await house.longFamily("laptop", "studio")
            let wallet = try newWallet()
            try await house.server.stop()
            for daemon in daemons { try await rotate(daemon, from: house.wallet, to: wallet) }
            try await house.server.start()
            for daemon in daemons { try await isIn(wallet, daemon) }
            for daemon in daemons { try await daemon.sees(["laptop", "studio"]) }
            _ = try await daemons[1].send("here", to: "laptop")
            #expect(try await daemons[0].bodies(1) == ["here"])
        }
    }

    @Test("many wallets that a thief makes push out neither the user's nor his choice")
    func manyClaims() async throws {
        try await House.run { house in
            let daemons = try await house.longFamily("laptop", "studio")
            let mine = try newWallet()
            for number in 0..<5 {
                let thief = try await house.start("thief-\(number)")
                try await thief.sees(["laptop", "studio", "thief-\(number)"])
                try await rotate(thief, from: house.wallet, to: newWallet(), with: ["laptop", "studio"])
                try await eventually("laptop hears of it") {
                    try await daemons[0].client.successionProgress().candidates.count == min(number + 1, 4)
                }
            }
            try await rotate(daemons[0], from: house.wallet, to: mine)
            try await eventually("studio holds it") {
                try await daemons[1].client.successionProgress().candidates
                    .contains { $0.successor == mine.address && $0.held }
            }
            for daemon in daemons.reversed() {
                #expect(try await daemon.client.successionProgress().candidates.count == 4)
                _ = try await daemon.client.follow(mine.address)
            }
            for daemon in daemons { try await isIn(mine, daemon) }
            try await daemons[1].sees(["laptop", "studio"])
        }
    }

    @Test("what the wallets did not sign as prepared is refused, and changes nothing")
    func forged() async throws {
        try await House.run { house in
            let daemons = try await house.longFamily("laptop", "studio")
            let (wallet, other) = (try newWallet(), try newWallet())
            let stray = await #expect(throws: KinError.self) {
                try await rotate(daemons[0], from: other, to: wallet)
            }
            #expect(stray?.code == "succession_invalid")
            let plan = try await daemons[0].client.draftSuccession(to: wallet.address)
            var certificates: [Certificate] = []
            for certificate in plan.certificates {
                var changed = certificate
                changed.role = .owner
                changed.issuedAt += 1
                certificates.append(try await wallet.sign(changed))
            }
            let signed = SignedSuccession(
                succession: try await plan.succession.signed(old: house.wallet, new: wallet),
                certificates: certificates, issuer: try await wallet.sign(plan.issuer), wallet: wallet.walletFile.shared
            )
            let changed = await #expect(throws: KinError.self) { _ = try await daemons[0].client.succeed(signed) }
            #expect(changed?.code == "succession_invalid")
            #expect(try await daemons[0].client.successionProgress().candidates.isEmpty)
            let same = await #expect(throws: KinError.self) {
                _ = try await daemons[0].client.draftSuccession(to: house.wallet.address)
            }
            #expect(same?.code == "same_wallet")
        }
    }

    @Test("the device that hands over goes on after a restart, and the server's absence")
    func interrupted() async throws {
        try await House.run { house in
            let daemons = try await house.longFamily("laptop", "studio")
            let wallet = try newWallet()
            try await house.server.stop()
            try await rotate(daemons[0], from: house.wallet, to: wallet)
            try await daemons[0].stop()
            let laptop = try await house.start("laptop")
            try await house.server.start()
            for daemon in [laptop, daemons[1]] { try await isIn(wallet, daemon) }
            for daemon in [laptop, daemons[1]] { try await daemon.sees(["laptop", "studio"]) }
        }
    }
}

extension House {
    /// Starts daemons whose devices were enrolled three days ago and have known each other for two.
    func longFamily(_ names: String...) async throws -> [TestDaemon] {
        let states = try await names.asyncMap { try await home($0, age: 72 * SuccessionTests.hour) }
        let members = try states.map { state in
            let installation = try Installation(state)
            return try ChainVerifier(mesh: installation.mesh).verify(installation.chain, now: realNow())
        }
        for state in states {
            var owners = KnownMembers()
            _ = owners.note(members, now: realNow() - 48 * SuccessionTests.hour)
            try owners.write(to: KnownMembers.path(in: state))
        }
        var daemons: [TestDaemon] = []
        for name in names { daemons.append(try await start(name)) }
        for daemon in daemons { try await daemon.sees(names) }
        return daemons
    }
}

extension Sequence {
    fileprivate func asyncMap<T>(_ body: (Element) async throws -> T) async rethrows -> [T] {
        var mapped: [T] = []
        for element in self { mapped.append(try await body(element)) }
        return mapped
    }
}
