import KinTesting
import NIOCore
import NIOPosix
import Synchronization

/// Stands between a client and a server on this machine, and cuts connections when told.
public final class CuttingProxy: Sendable {
    public enum Direction: Sendable { case up, down }

    private struct State {
        var target = 0
        var isClosed = false
        /// What has moved since it was told to cut.
        var moved = 0
        var cut: (direction: Direction, after: Int, times: Int, thenBlocks: Bool)?
        var cuts = 0
        var channels: [ObjectIdentifier: any Channel] = [:]
        /// With what a client's bytes begin that are not to reach the server.
        var refused: [UInt8]?
        /// All bytes that ever moved.
        var total: [Direction: Int] = [:]
    }

    private let state = Mutex(State())
    private let listener = Mutex<(any Channel)?>(nil)
    public let url: String

    /// Listens; connections wait for a target.
    public init() async throws {
        let (group, box) = (MultiThreadedEventLoopGroup.singleton, WeakBox())
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { channel in
                guard let proxy = box.value else { return channel.close() }
                return proxy.accept(channel)
            }
            .bind(host: "127.0.0.1", port: 0).get()
        url = "http://127.0.0.1:\(channel.localAddress?.port ?? 0)"
        listener.withLock { $0 = channel }
        box.value = self
    }

    public func lead(to port: Int) { state.withLock { $0.target = port } }

    /// Cuts whichever connection moves the byte after so many from now on, and again after as many more.
    /// - Parameter thenBlocks: whether nobody gets through any more after the last.
    public func cut(_ direction: Direction, after bytes: Int, times: Int = 1, thenBlocks: Bool = false) {
        state.withLock { state in
            state.moved = 0
            state.cut = (direction, bytes, times, thenBlocks)
        }
    }

    /// From now on ends every connection on which a client says what begins so.
    public func refuse(_ beginning: String) { state.withLock { $0.refused = Array(beginning.utf8) } }

    /// How many connections were cut.
    public var cuts: Int { state.withLock { $0.cuts } }

    /// Bytes that moved that way.
    public func total(_ direction: Direction) -> Int { state.withLock { $0.total[direction, default: 0] } }

    /// Closes what is open and lets nobody through.
    public func block() {
        let channels = state.withLock { state in
            state.isClosed = true
            return Array(state.channels.values)
        }
        for channel in channels { channel.close(promise: nil) }
    }

    public func unblock() { state.withLock { $0.isClosed = false } }

    public func stop() async {
        block()
        try? await listener.withLock { $0 }?.close()
    }

    private func accept(_ near: any Channel) -> EventLoopFuture<Void> {
        guard let port = state.withLock({ $0.isClosed ? nil : $0.target }) else { return near.close() }
        let bootstrap = ClientBootstrap(group: near.eventLoop).channelOption(.autoRead, value: false)
        return bootstrap.connect(host: "127.0.0.1", port: port).flatMap { far in
            near.eventLoop.makeCompletedFuture {
                try near.pipeline.syncOperations.addHandler(Pipe(self, .up, far))
                try far.pipeline.syncOperations.addHandler(Pipe(self, .down, near))
                self.state.withLock { state in
                    state.channels[ObjectIdentifier(near)] = near
                    state.channels[ObjectIdentifier(far)] = far
                }
            }.flatMap {
                far.setOption(.autoRead, value: true).and(near.setOption(.autoRead, value: true)).map { _ in }
            }
        }
    }

    /// Whether the connection is to be cut now.
    private func moved(_ bytes: ByteBuffer, _ direction: Direction) -> Bool {
        let count = bytes.readableBytes
        return state.withLock { state in
            if direction == .up, let refused = state.refused, bytes.readableBytesView.starts(with: refused) {
                return true
            }
            state.total[direction, default: 0] += count
            guard let cut = state.cut, cut.direction == direction else { return false }
            state.moved += count
            guard state.moved > cut.after else { return false }
            state.moved = 0
            state.cuts += 1
            state.cut = cut.times > 1 ? (direction, cut.after, cut.times - 1, cut.thenBlocks) : nil
            if cut.times == 1, cut.thenBlocks { state.isClosed = true }
            return true
        }
    }

    private var isClosed: Bool { state.withLock { $0.isClosed } }

    private final class WeakBox: Sendable {
        private let held = Mutex<Weak>(Weak())

        private struct Weak: Sendable { weak var proxy: CuttingProxy? }

        var value: CuttingProxy? {
            get { held.withLock { $0.proxy } }
            set { held.withLock { $0.proxy = newValue } }
        }
    }

    private final class Pipe: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let proxy: CuttingProxy
        private let direction: Direction
        private let other: any Channel

        init(_ proxy: CuttingProxy, _ direction: Direction, _ other: any Channel) {
            self.proxy = proxy
            self.direction = direction
            self.other = other
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = unwrapInboundIn(data)
            guard !proxy.moved(bytes, direction) else {
                if proxy.isClosed { proxy.block() }
                other.close(promise: nil)
                return context.close(promise: nil)
            }
            other.writeAndFlush(bytes, promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) { other.close(promise: nil) }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
