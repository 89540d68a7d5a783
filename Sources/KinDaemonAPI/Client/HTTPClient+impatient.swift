public import AsyncHTTPClient

extension HTTPClient {
    /// For daemons and servers on this machine: says at once that nobody answers, where the shared client would go on trying until the deadline.
    ///
    /// Lives as long as the process.
    public static let impatient: HTTPClient = {
        var configuration = HTTPClient.Configuration.singletonConfiguration
        configuration.connectionPool.retryConnectionEstablishment = false
        // An open event stream holds a connection; others must not wait for it.
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()
}
