import KinEncoding
import KinTesting
import KinWire
import Testing

@Suite struct SuccessionBundleTests {
    private func bundle() throws -> SuccessionBundle {
        let vectors = try Vector.list("kindred/statements.json", "valid")
        func named(_ name: String) throws -> [UInt8] {
            try vectors.first { try $0.text("name") == name }.orThrow(name).utf8("canonical")
        }
        let succession = try Succession(canonical: named("succession: by the laptop"))
        let chain = Chain(certificate: try Certificate(canonical: named("certificate: owner by the wallet")))
        return SuccessionBundle(
            succession: succession, owner: chain, chain: chain,
            wallet: .init(
                address: succession.successor, routeID: "route", boxPublic: [UInt8](repeating: 1, count: 32),
                recordKey: [UInt8](repeating: 2, count: 32), boxSecret: [UInt8](repeating: 3, count: 32)))
    }

    @Test("it is read as it was written, with and without the secrets of owners")
    func roundTrip() throws {
        let bundle = try bundle()
        #expect(try SuccessionBundle(canonical: bundle.canonicalBytes()) == bundle)
        var plain = bundle
        plain.wallet = bundle.wallet.withoutSecrets
        #expect(try SuccessionBundle(canonical: plain.canonicalBytes()) == plain)
        #expect(plain.wallet.recordKey == nil && plain.wallet.boxSecret == nil)
    }

    @Test("a missing, unknown or half-given field refuses it")
    func refusals() throws {
        guard case .object(let members) = try JSON.parse(bundle().canonicalBytes()),
            case .object(let wallet)? = members["wallet"]
        else { throw MissingValue("an object") }
        for name in members.keys {
            var less = members
            less[name] = nil
            #expect(throws: WireError.self) { try SuccessionBundle(canonical: JSON.object(less).canonicalBytes()) }
        }
        for change in [["record_key": JSON.null], ["box_secret": .null], ["more": .null], ["address": .string("x")]] {
            var changed = members
            changed["wallet"] = .object(wallet.merging(change) { $1 })
            #expect(throws: WireError.self) {
                try SuccessionBundle(canonical: JSON.object(changed).canonicalBytes())
            }
        }
    }
}
