import Logging
import ServiceLifecycle

/// Runs one service in this process until it ends or a signal ends it.
enum ForegroundService {
    /// SIGTERM and SIGINT let it finish in order; what takes longer than 4 s is cut off, so that it is over within 5.
    /// - Parameter milliseconds: after which it is asked to finish as by a signal; nil: never.
    static func run(_ service: some Service, within milliseconds: Int64? = nil, logger: Logger) async throws {
        var services: [ServiceGroupConfiguration.ServiceConfiguration] = [
            .init(
                service: service, successTerminationBehavior: .gracefullyShutdownGroup,
                failureTerminationBehavior: .cancelGroup)
        ]
        if let milliseconds {
            services.append(
                .init(
                    service: TimeLimit(milliseconds: milliseconds),
                    successTerminationBehavior: .gracefullyShutdownGroup))
        }
        var configuration = ServiceGroupConfiguration(
            services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        configuration.maximumGracefulShutdownDuration = .seconds(4)
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch is CancellationError {
            // Cut off while it shut down: an end that was asked for.
        }
    }
}

/// Ends by itself after a time.
private struct TimeLimit: Service {
    let milliseconds: Int64

    func run() async throws {
        await cancelWhenGracefulShutdown { try? await Task.sleep(for: .milliseconds(milliseconds)) }
    }
}
