import HTTPTypes
import NIOCore

/// An answer that waits for nothing.
public struct ImmediateAnswer: Sendable {
    public var status: HTTPResponse.Status
    /// Without `Content-Length` and `Date`, which every answer gets.
    public var headers: HTTPFields
    public var body: ByteBuffer

    public init(status: HTTPResponse.Status, headers: HTTPFields, body: ByteBuffer = ByteBuffer()) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// Answers a request at once, or leaves it to the router by nil.
///
/// Asked of requests without a body and without a word about their connection, on its event loop: so it must not block.
public typealias ImmediateAnswers = @Sendable (_ request: HTTPRequest) -> ImmediateAnswer?
