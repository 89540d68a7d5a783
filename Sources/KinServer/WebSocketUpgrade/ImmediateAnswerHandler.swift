import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Answers on the event loop what waits for nothing, where the router takes two changes of thread.
///
/// Answers keep the order of their requests: while the router has one it gets all that follow. It gets them too where answers are not taken, for
/// it waits until they are. Stands next to the router, so that whatever watches the connection sees these requests as all others.
final class ImmediateAnswerHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// A request with one of these has a body, or says what becomes of its connection.
    private static let leftToRouter: [HTTPField.Name] = [
        .connection, .contentLength, .transferEncoding, .expect, .upgrade,
    ]

    private let answers: ImmediateAnswers
    private let date: HTTPDate
    /// Goes out when its request has ended.
    private var prepared: ImmediateAnswer?
    /// Requests that the router has and has not answered.
    private var unanswered = 0
    /// Whether the connection may have ended for the router.
    private var isEnding = false

    init(_ answers: @escaping ImmediateAnswers, date: HTTPDate) {
        self.answers = answers
        self.date = date
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let request):
            prepared = answer(to: request, context)
            if prepared != nil { return }
            unanswered += 1
            if request.headerFields.contains(.connection) { isEnding = true }
        case .body: break
        case .end:
            if let answer = prepared {
                prepared = nil
                return write(answer, context)
            }
        }
        context.fireChannelRead(data)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        isEnding = true
        context.fireErrorCaught(error)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) { unanswered -= 1 }
        context.write(data, promise: promise)
    }

    private func answer(to request: HTTPRequest, _ context: ChannelHandlerContext) -> ImmediateAnswer? {
        guard unanswered == 0, !isEnding, context.channel.isWritable,
            !Self.leftToRouter.contains(where: request.headerFields.contains)
        else { return nil }
        return answers(request)
    }

    private func write(_ answer: ImmediateAnswer, _ context: ChannelHandlerContext) {
        var head = HTTPResponse(status: answer.status, headerFields: answer.headers)
        head.headerFields[.contentLength] = "\(answer.body.readableBytes)"
        head.headerFields[.date] = date.now
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if answer.body.readableBytes > 0 { context.write(wrapOutboundOut(.body(answer.body)), promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
}
