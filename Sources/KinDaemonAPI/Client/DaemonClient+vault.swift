import AsyncHTTPClient
import KinWire
import NIOCore

extension DaemonClient {
    /// Carries the handle that unlocking gave.
    public static let vaultHandleHeader = "x-kindred-vault-handle"

    /// Asks the vault that the daemon holds.
    /// - Parameter handle: its text form; nil where none was given.
    public func vault<Secret: WireSecret>(
        _ request: VaultRequest<Secret>, handle: Secret? = nil
    ) async throws -> VaultAnswer<Secret> {
        let operation = request.operation
        var headers: [(String, String)] = []
        if let handle {
            headers.append((Self.vaultHandleHeader, handle.withBytes { String(decoding: $0, as: UTF8.self) }))
        }
        let body = request.encodedBody().withBytes { Array($0) }
        let answer = try await post("/v1/vault/\(operation.rawValue)", body, headers: headers)
        do throws(WireError) {
            return try VaultAnswer(operation, body: answer)
        } catch {
            throw KinError("daemon_answer", "the daemon's answer is not understood: \(error.message)")
        }
    }
}
