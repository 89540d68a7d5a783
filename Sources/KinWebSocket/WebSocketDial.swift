import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// One attempt to open a WebSocket, from name lookup to upgrade, under one deadline. The first outcome counts.
final class WebSocketDial: Sendable {
    enum Stage: String {
        case connecting = "looking up the name and connecting"
        case encrypting = "the TLS handshake"
        case upgrading = "waiting for the answer to the WebSocket upgrade"
        case refused = "reading the answer of a server that refused the upgrade"
    }

    private struct Progress {
        var stage = Stage.connecting
        var channel: (any Channel)?
        var timer: Scheduled<Void>?
        var isOver = false
    }

    let url: WebSocketURL
    let headers: HTTPHeaders
    let sslContext: NIOSSLContext?
    let limits: WebSocketLimits
    let delegate: any WebSocketDelegate
    private let deadline: TimeAmount
    private let eventLoop: any EventLoop
    private let promise: EventLoopPromise<WebSocketConnection>
    private let progress = NIOLockedValueBox(Progress())

    init(
        url: WebSocketURL,
        headers: HTTPHeaders,
        sslContext: NIOSSLContext?,
        limits: WebSocketLimits,
        deadline: TimeAmount,
        eventLoop: any EventLoop,
        delegate: any WebSocketDelegate
    ) {
        self.url = url
        self.headers = headers
        self.sslContext = sslContext
        self.limits = limits
        self.deadline = deadline
        self.eventLoop = eventLoop
        self.delegate = delegate
        self.promise = eventLoop.makePromise(of: WebSocketConnection.self)
    }

    var result: EventLoopFuture<WebSocketConnection> { promise.futureResult }
    var isOver: Bool { progress.withLockedValue { $0.isOver } }
    var stage: Stage { progress.withLockedValue { $0.stage } }

    func start() {
        if isOver { return }
        let timer = eventLoop.scheduleTask(in: deadline) { self.expire() }
        progress.withLockedValue { $0.timer = timer }
        // The deadline is ours to keep; the bootstrap's only has to end an attempt nobody waits for any more.
        let bootstrap = ClientBootstrap(group: eventLoop).connectTimeout(deadline + .seconds(1))
        let connecting: EventLoopFuture<any Channel>
        if let address = try? SocketAddress(ipAddress: url.host, port: url.port) {
            connecting = bootstrap.connect(to: address)
        } else {
            connecting = bootstrap.connect(host: url.host, port: url.port)
        }
        connecting.whenComplete { outcome in
            switch outcome {
            case .success(let channel): self.connected(channel)
            case .failure(let error): self.fail(.connecting(to: self.url, error))
            }
        }
    }

    func enter(_ stage: Stage) {
        progress.withLockedValue { $0.stage = stage }
    }

    func succeed(_ connection: WebSocketConnection) {
        guard finish() != nil else { return }
        promise.succeed(connection)
    }

    func fail(_ error: WebSocketError) {
        guard let channel = finish() else { return }
        channel?.close(promise: nil)
        promise.fail(error)
    }

    private func connected(_ channel: any Channel) {
        let isOver = progress.withLockedValue { progress in
            progress.channel = channel
            progress.stage = sslContext == nil ? .upgrading : .encrypting
            return progress.isOver
        }
        if isOver { return channel.close(promise: nil) }
        // "localhost" is a name like any other to the resolver: what it gave must be this machine.
        guard url.isSecure || channel.remoteAddress?.isLoopback == true else {
            let message = "refused to send unencrypted: \(url.host) is not this machine"
            return fail(.init(code: "insecure_url", message: message))
        }
        requestUpgrade(on: channel)
    }

    private func expire() {
        let seconds = Double(deadline.nanoseconds) / 1e9
        fail(.init(code: "timed_out", message: "\(url.origin) gave no connection in \(seconds) s: \(stage.rawValue)"))
    }

    /// Claims the outcome; `nil` when there is one already.
    private func finish() -> (any Channel)?? {
        progress.withLockedValue { progress in
            guard !progress.isOver else { return nil }
            progress.isOver = true
            progress.timer?.cancel()
            return .some(progress.channel)
        }
    }
}
