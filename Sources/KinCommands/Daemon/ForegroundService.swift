import Logging
import ServiceLifecycle

/// Runs one service in this process until it ends or a signal ends it.
enum ForegroundService {
    /// SIGTERM and SIGINT let it finish in order; what takes longer than 4 s is cut off, so that it is over within 5.
    static func run(_ service: some Service, logger: Logger) async throws {
        var configuration = ServiceGroupConfiguration(
            services: [
                .init(
                    service: service, successTerminationBehavior: .gracefullyShutdownGroup,
                    failureTerminationBehavior: .cancelGroup)
            ],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        configuration.maximumGracefulShutdownDuration = .seconds(4)
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch is CancellationError {
            // Cut off while it shut down: an end that was asked for.
        }
    }
}
