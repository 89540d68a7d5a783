import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import KinServer

/// What is answered on the event loop, and what the router gets: by the handler alone.
@Suite struct ImmediateAnswerTests {
    /// Answers requests for `/now`.
    private func channel() -> EmbeddedChannel {
        EmbeddedChannel(
            handler: ImmediateAnswerHandler(
                { request in
                    guard request.path == "/now" else { return nil }
                    return ImmediateAnswer(status: .ok, headers: [.eTag: "\"1\""], body: ByteBuffer(string: "answer"))
                }, date: HTTPDate()))
    }

    private func ask(_ channel: EmbeddedChannel, _ path: String, _ fields: HTTPFields = [:]) throws {
        let head = HTTPRequest(method: .get, scheme: "http", authority: "x", path: path, headerFields: fields)
        try channel.writeInbound(HTTPRequestPart.head(head))
        try channel.writeInbound(HTTPRequestPart.end(nil))
    }

    /// The router's answer.
    private func answer(_ channel: EmbeddedChannel) throws {
        try channel.writeOutbound(HTTPResponsePart.head(HTTPResponse(status: .accepted)))
        try channel.writeOutbound(HTTPResponsePart.end(nil))
    }

    /// Paths that the router got since this was asked last.
    private func routed(_ channel: EmbeddedChannel) throws -> [String] {
        var paths: [String] = []
        while let part = try channel.readInbound(as: HTTPRequestPart.self) {
            if case .head(let head) = part { paths.append(head.path ?? "") }
        }
        return paths
    }

    /// Statuses that the peer got since this was asked last; each answer whole.
    private func statuses(_ channel: EmbeddedChannel) throws -> [Int] {
        var (statuses, ends) = ([Int](), 0)
        while let part = try channel.readOutbound(as: HTTPResponsePart.self) {
            switch part {
            case .head(let head): statuses.append(head.status.code)
            case .body: break
            case .end: ends += 1
            }
        }
        #expect(ends == statuses.count)
        return statuses
    }

    @Test("an answer that waits for nothing is written when its request has ended, with its length and the date")
    func written() throws {
        let channel = channel()
        try channel.writeInbound(
            HTTPRequestPart.head(.init(method: .get, scheme: "http", authority: "x", path: "/now")))
        #expect(try channel.readOutbound(as: HTTPResponsePart.self) == nil)
        try channel.writeInbound(HTTPRequestPart.end(nil))
        guard case .head(let head) = try channel.readOutbound(as: HTTPResponsePart.self) else {
            Issue.record("no head")
            return
        }
        #expect(head.headerFields[.contentLength] == "6" && head.headerFields[.eTag] == "\"1\"")
        #expect(head.headerFields[.date]?.hasSuffix(" GMT") == true)
        #expect(try channel.readOutbound(as: HTTPResponsePart.self) == .body(ByteBuffer(string: "answer")))
        #expect(try channel.readOutbound(as: HTTPResponsePart.self) == .end(nil))
        #expect(try routed(channel).isEmpty)
    }

    @Test("while the router has a request it gets all that follow, and answers at once go on when it has answered all")
    func order() throws {
        let channel = channel()
        try ask(channel, "/now")
        try ask(channel, "/other")
        try ask(channel, "/now")
        #expect(try routed(channel) == ["/other", "/now"])
        try answer(channel)
        try ask(channel, "/now")
        #expect(try routed(channel) == ["/now"], "two are not answered yet")
        try answer(channel)
        try answer(channel)
        try ask(channel, "/now")
        #expect(try statuses(channel) == [200, 202, 202, 202, 200])
        #expect(try routed(channel).isEmpty)
    }

    @Test("where answers are not taken the router is left to wait until they are")
    func unwritable() throws {
        let channel = channel()
        channel.isWritable = false
        try ask(channel, "/now")
        #expect(try routed(channel) == ["/now"])
        channel.isWritable = true
        try ask(channel, "/now")
        #expect(try routed(channel) == ["/now"])
        try answer(channel)
        try answer(channel)
        try ask(channel, "/now")
        #expect(try statuses(channel) == [202, 202, 200])
    }

    @Test(
        "a request with a body, or with a word about its connection, is the router's",
        arguments: [HTTPField.Name.contentLength, .transferEncoding, .expect, .upgrade, .connection])
    func unusual(name: HTTPField.Name) throws {
        let channel = channel()
        try ask(channel, "/now", [name: "x"])
        #expect(try routed(channel) == ["/now"])
        try answer(channel)
        try ask(channel, "/now")
        // After a word about the connection nobody but the router knows how long it lasts.
        #expect(try routed(channel) == (name == .connection ? ["/now"] : []))
    }

    @Test("after a fault of the connection nothing is answered at once any more")
    func faults() throws {
        let channel = channel()
        channel.pipeline.fireErrorCaught(ChannelError.inputClosed)
        #expect(throws: ChannelError.self) { try channel.throwIfErrorCaught() }
        try ask(channel, "/now")
        #expect(try statuses(channel).isEmpty)
        #expect(try routed(channel) == ["/now"])
    }

    @Test("a time is written as HTTP has it")
    func dates() {
        #expect(HTTPDate.text(of: 784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(HTTPDate.text(of: 1_709_164_800) == "Thu, 29 Feb 2024 00:00:00 GMT")
    }
}
