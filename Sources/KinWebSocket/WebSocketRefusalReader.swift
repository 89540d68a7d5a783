import NIOCore
import NIOHTTP1

/// Reads the answer of a server that did not upgrade, as far as an error can carry it.
final class WebSocketRefusalReader: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    private static let maxBodyBytes = 1024

    private let dial: WebSocketDial
    private var status: HTTPResponseStatus?
    private var body = ByteBuffer()

    init(dial: WebSocketDial) {
        self.dial = dial
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            status = head.status
            dial.enter(.refused)
        case .body(var bytes):
            let room = Self.maxBodyBytes - body.readableBytes
            if let part = bytes.readSlice(length: min(room, bytes.readableBytes)) { body.writeImmutableBuffer(part) }
            if body.readableBytes == Self.maxBodyBytes { report() }
        case .end:
            report()
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        report()
    }

    private func report() {
        guard let status else { return }
        let refusal = WebSocketError.Refusal(status: Int(status.code), body: String(buffer: body))
        let said = refusal.body.isEmpty ? "" : ": " + refusal.body
        let message =
            "\(dial.url.origin) refused the WebSocket upgrade with \(status.code) \(status.reasonPhrase)\(said)"
        dial.fail(.init(code: "upgrade_refused", message: message, refusal: refusal))
    }
}
