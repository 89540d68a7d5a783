public import KinServer
import KinTesting
public import Logging

/// A whole server in this process, on a free port of 127.0.0.1.
public struct TestServer: Sendable {
    public let port: Int
    public let url: String
    private let service: RunningService<Int>

    /// - Parameters:
    ///   - data: an existing folder.
    ///   - port: 0: any that is free.
    ///   - origins: further addresses it is reached by.
    public static func start(
        data: String, port: Int = 0, tls: SelfSigned? = nil, origins: [String] = [],
        admission: ServerConfiguration.Admission = .automatic, auth: ServerConfiguration.Auth = .init(),
        blobs: ServerConfiguration.Blobs = .init(), relayOnly: Bool = false, logger: Logger = .silent
    ) async throws -> TestServer {
        let configuration = ServerConfiguration(
            listen: ListenAddress(host: "127.0.0.1", port: port), data: data, tls: tls?.files, origins: origins,
            admission: admission, auth: auth, blobs: blobs, relayOnly: relayOnly)
        let service = RunningService<Int> { ready in KinServer(configuration, logger: logger, onListening: ready) }
        let bound = try await service.ready()
        return TestServer(
            port: bound, url: "\(tls == nil ? "http" : "https")://127.0.0.1:\(bound)", service: service)
    }

    /// Shuts down as SIGTERM does.
    public func stop() async throws {
        if let error = try await service.stop().error { throw error }
    }

    /// Runs a server on fresh data while `body` runs.
    public static func run<T: Sendable>(
        tls: SelfSigned? = nil, admission: ServerConfiguration.Admission = .automatic, relayOnly: Bool = false,
        _ body: (TestServer) async throws -> T
    ) async throws -> T {
        let folder = try TemporaryFolder()
        let server = try await start(data: folder.path, tls: tls, admission: admission, relayOnly: relayOnly)
        do {
            let result = try await body(server)
            try await server.stop()
            return result
        } catch {
            try? await server.stop()
            throw error
        }
    }
}
