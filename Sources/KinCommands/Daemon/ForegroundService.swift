import Logging
import ServiceLifecycle
import UnixSignals

/// Runs one service in this process until it ends or a signal ends it.
enum ForegroundService {
    /// SIGTERM and SIGINT let it finish in order; what takes longer than 4 s is cut off, so that it is over within 5.
    /// - Parameters:
    ///   - limit: when it is asked to finish as by a signal; nil: never.
    ///   - signals: which ask it besides.
    static func run(
        _ service: some Service, until limit: TimeLimit? = nil, alsoOn signals: [UnixSignal] = [], logger: Logger
    ) async throws {
        var services: [ServiceGroupConfiguration.ServiceConfiguration] = [
            .init(
                service: service, successTerminationBehavior: .gracefullyShutdownGroup,
                failureTerminationBehavior: .cancelGroup)
        ]
        if let limit {
            services.append(.init(service: limit, successTerminationBehavior: .gracefullyShutdownGroup))
        }
        var configuration = ServiceGroupConfiguration(
            services: services, gracefulShutdownSignals: [.sigterm, .sigint] + signals, logger: logger)
        configuration.maximumGracefulShutdownDuration = .seconds(4)
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch is CancellationError {
            // Cut off while it shut down: an end that was asked for.
        }
    }
}

/// Ends by itself at a time.
struct TimeLimit: Service {
    /// Milliseconds, as `now`.
    let end: Int64
    let now: @Sendable () -> Int64

    func run() async throws {
        await cancelWhenGracefulShutdown {
            // Clocks are set, and machines sleep.
            while now() < end {
                do { try await Task.sleep(for: .milliseconds(min(1000, end - now()))) } catch { return }
            }
        }
    }
}
