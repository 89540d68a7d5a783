import KinTesting
public import Logging
public import ServiceLifecycle

/// A service that runs in this process, as `kin` would run it, until it is stopped or ends by itself.
public final class RunningService<Ready: Sendable>: Sendable {
    private struct Life: Sendable {
        var ready: Ready?
        var end: End?
    }

    /// How it ended.
    public enum End: Sendable {
        case cleanly
        case failed(any Error)

        public var error: (any Error)? {
            if case .failed(let error) = self { error } else { nil }
        }
    }

    private let group: ServiceGroup
    private let life = Observed(Life())

    /// - Parameter make: gets what the service should call when it is ready.
    public init(_ make: (@escaping @Sendable (Ready) -> Void) throws -> any Service) rethrows {
        let life = life
        let service = try make { ready in life.update { $0.ready = ready } }
        group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(
                        service: service, successTerminationBehavior: .gracefullyShutdownGroup,
                        failureTerminationBehavior: .cancelGroup)
                ], logger: .silent))
        let group = group
        Task {
            let end: End
            do {
                try await group.run()
                end = .cleanly
            } catch {
                end = .failed(error)
            }
            life.update { $0.end = end }
        }
    }

    /// Waits until the service is ready; throws what it ended with if it never was.
    public func ready() async throws -> Ready {
        let life = try await life.wait { $0.ready != nil || $0.end != nil }
        if let ready = life.ready { return ready }
        throw life.end?.error ?? MissingValue("the service")
    }

    /// Shuts down gracefully and waits for the end.
    @discardableResult
    public func stop() async throws -> End {
        await group.triggerGracefulShutdown()
        return try await end()
    }

    /// Waits for the end without asking for it.
    public func end() async throws -> End { try await life.wait { $0.end != nil }.end.orThrow("the service's end") }
}

extension Logger {
    /// Says nothing.
    public static let silent = Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() }
}
