import KinCrypto
import KinDaemonAPI
import KinEncoding
import KinTesting
import KinVault
import KinWire
import Testing

@Suite struct VaultRouteTests {
    private static let words = Array(repeating: "abandon", count: 11).joined(separator: " ") + " about"
    private static let unlock = "{\"mnemonic\":\"\(words)\"}"

    private func vault(
        _ daemon: TestDaemon, _ operation: String, _ body: String = "{}", handle: String? = nil
    ) async throws -> TestDaemon.Answer {
        let headers = handle.map { [(DaemonClient.vaultHandleHeader, $0)] } ?? []
        return try await daemon.call(.POST, "/v1/vault/\(operation)", body, headers: headers)
    }

    @Test("whoever has the socket alone gets public keys and refusals, nothing more")
    func socketAlone() async throws {
        try await House.run { house in
            let laptop = try await house.start("laptop")
            for operation in VaultOperation.allCases where !["unlock", "lock", "status"].contains(operation.rawValue) {
                let answer = try await vault(laptop, operation.rawValue, Self.bodies[operation] ?? "{}")
                #expect(answer.status == 403 && answer.code == .string("vault_locked"), "\(operation)")
            }
            #expect(try await vault(laptop, "unlock", Self.unlock).status == 200)
            for operation in VaultOperation.allCases where operation.needsHandle {
                for (handle, code) in [(nil, "handle_required"), (String(repeating: "A", count: 43), "handle_invalid")]
                {
                    let answer = try await vault(
                        laptop, operation.rawValue, Self.bodies[operation] ?? "{}", handle: handle)
                    #expect(answer.status == 403 && answer.code == .string(code), "\(operation)")
                }
            }
            for operation in [VaultOperation.deriveEd25519, .deriveEncryptionKey, .deriveNostrKey, .deriveEthereumKey] {
                let answer = try await vault(laptop, operation.rawValue, Self.bodies[operation] ?? "{}")
                guard case .object(let members) = answer.json else { throw MissingValue("an object") }
                #expect(answer.status == 200, "\(operation)")
                #expect(
                    Set(members.keys).isSubset(of: ["path", "public_key", "address", "n", "npub"]), "\(members.keys)")
            }
            let wallet = try await vault(laptop, "derive_ed25519", #"{"path":"m/44'/501'/0'/0'"}"#)
            #expect(wallet.status == 403 && wallet.code == .string("wallet_path_private"))
            let again = try await vault(laptop, "unlock", Self.unlock)
            #expect(again.status == 409 && again.code == .string("already_unlocked"))
        }
    }

    @Test("the handle of an unlocking uses private keys until the lock, and no later one")
    func handles() async throws {
        try await House.run { house in
            let laptop = try await house.start("laptop")
            let site = #"{"site":"example.org"}"#
            var handles: [String] = []
            var passwords: Set<JSON> = []
            for _ in 0..<2 {
                guard case .string(let handle)? = try await vault(laptop, "unlock", Self.unlock)["handle"] else {
                    throw MissingValue("a handle")
                }
                handles.append(handle)
                let answer = try await vault(laptop, "derive_password", site, handle: handle)
                passwords.insert(try answer["password"].orThrow("a password"))
                #expect(try await vault(laptop, "lock").status == 200)
                #expect(try await vault(laptop, "lock").status == 200, "locking a locked vault is fine")
            }
            #expect(passwords.count == 1)
            #expect(try await vault(laptop, "unlock", Self.unlock).status == 200)
            for handle in handles {
                let answer = try await vault(laptop, "derive_password", site, handle: handle)
                #expect(answer.code == .string("handle_invalid"))
            }
        }
    }

    @Test(
        "bodies that are none are refused, and the vault stays locked",
        arguments: [
            ("unlock", "", 400), ("unlock", "[]", 400), ("unlock", #"{"mnemonic":"abandon"}"#, 400),
            ("unlock", #"{"mnemonic":1}"#, 400), ("unlock", #"{"mnemonic":"a","x":1}"#, 400), ("fly", "{}", 404),
            ("status", #"{"x":1}"#, 400),
        ])
    func garbage(_ operation: String, _ body: String, _ status: Int) async throws {
        try await House.run { house in
            let laptop = try await house.start("laptop")
            #expect(try await vault(laptop, operation, body).status == status)
            #expect(try await vault(laptop, "status")["locked"] == .bool(true))
            #expect(
                try await vault(laptop, "derive_password", #"{"site":"x"}"#, handle: "short").code
                    == .string("handle_invalid"))
        }
    }

    private static let bodies: [VaultOperation: String] = [
        .deriveEd25519: #"{"path":"m/74'/0'/0'/7'"}"#, .deriveEncryptionKey: #"{"path":"m/74'/0'/0'/7'"}"#,
        .derivePassword: #"{"site":"example.org"}"#, .encrypt: #"{"name":"n","plaintext":"AAAA"}"#,
        .decrypt: #"{"name":"n","encrypted":\#(sealed)}"#,
        .rotate: #"{"name":"n","key_version":2,"encrypted":\#(sealed)}"#,
    ]
    private static let sealed =
        #"{"key_version":1,"salt":"\#(zeros(32))","iv":"\#(zeros(12))","data":"\#(zeros(32))"}"#

    private static func zeros(_ count: Int) -> String { Base64.encode([UInt8](repeating: 0, count: count)) }
}
