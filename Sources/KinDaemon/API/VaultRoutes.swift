import HTTPTypes
import Hummingbird
import KinCrypto
import KinDaemonAPI
import KinVault
import KinWire
import NIOCore

/// The vault's messages on the local API (docs/protocol/vault.md).
struct VaultRoutes: Sendable {
    let vault: VaultService

    /// A route for each thing that the vault does.
    static let all = VaultOperation.allCases.map { operation in
        LocalRoute.post(
            "/v1/vault/\(operation.rawValue)", "vault", operation.summary,
            operation.needsHandle
                ? [
                    .header(
                        DaemonClient.vaultHandleHeader, .text(pattern: "[A-Za-z0-9_-]{43}"),
                        "The handle that unlocking gave.", isRequired: true)
                ] : [],
            body: operation.isBare ? .optional(operation.requestSchema) : .required(operation.requestSchema),
            answers: [.json(operation.answerSchema, "It.")], errors: operation.errors
        ) { routes, request in try await routes.vault.answer(request, operation) }
    }

    private func answer(_ asked: LocalRequest, _ operation: VaultOperation) async throws -> Response {
        let body = try await asked.inTime {
            try await SecretBody.collect(asked.request.body, upTo: SendRequest.maxBytes)
        }
        let wanted = try body.withBytes { body in
            do throws(WireError) {
                // Where nothing has to be said, nothing need be sent.
                guard !body.isEmpty else { return try SecretVaultRequest(operation, body: Array("{}".utf8)) }
                return try SecretVaultRequest(operation, body: body)
            } catch {
                throw KinError("invalid_request", error.message, category: .usage)
            }
        }
        let answer = try await vault.handle(wanted, handle: try handle(asked))
        return answer.encodedBody().withBytes { bytes in
            Response(
                status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-store"],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
        }
    }

    private func handle(_ request: LocalRequest) throws -> VaultHandle? {
        guard let text = try request.header(.vaultHandle) else { return nil }
        guard let handle = VaultHandle(SecretBytes(copying: Array(text.utf8))) else {
            throw KinError(
                "handle_invalid", "that is no handle: it is 43 characters, as unlocking gave it", category: .refused)
        }
        return handle
    }
}

extension VaultOperation {
    fileprivate var summary: String {
        switch self {
        case .unlock: "Unlocks the vault with the recovery phrase, and gives a handle"
        case .lock: "Locks the vault"
        case .status: "Whether the vault is locked"
        case .deriveEd25519: "An Ed25519 public key"
        case .deriveEncryptionKey: "An X25519 public key"
        case .deriveEthereumKey: "An Ethereum public key and address"
        case .deriveNostrKey: "A Nostr public key"
        case .derivePassword: "The password for a site"
        case .encrypt: "Seals a credential"
        case .decrypt: "Opens a sealed credential"
        case .rotate: "Seals a credential anew, under another version of the key"
        case .sshPublicKey: "The SSH public key"
        }
    }

    /// Whether nothing has to be said.
    fileprivate var isBare: Bool {
        switch self {
        case .lock, .status, .deriveEthereumKey, .deriveNostrKey, .sshPublicKey: true
        default: false
        }
    }

    fileprivate var errors: RouteErrors {
        let locked: RouteErrors = self == .lock || self == .status || self == .unlock ? [:] : [403: ["vault_locked"]]
        let handle: RouteErrors =
            needsHandle ? [403: ["handle_required", "handle_invalid"], 429: ["handle_attempts"]] : [:]
        let own: RouteErrors =
            switch self {
            case .unlock:
                [
                    400: ["phrase_word_count", "phrase_unknown_word", "phrase_checksum"], 403: ["phrase_mismatch"],
                    409: ["already_unlocked"],
                ]
            case .deriveEd25519, .deriveEncryptionKey: [403: ["wallet_path_private"]]
            default: [:]
            }
        return locked + handle + own
    }
}
