/// The close codes this layer sends itself (RFC 6455 §7.4.1; 4008 from the private range).
enum WebSocketCloseCode {
    static let goingAway: UInt16 = 1001
    static let protocolError: UInt16 = 1002
    static let invalidPayload: UInt16 = 1007
    static let policyViolation: UInt16 = 1008
    static let tooLarge: UInt16 = 1009
    static let internalError: UInt16 = 1011
    static let slowConsumer: UInt16 = 4008

    /// Whether the code may stand in a close frame (RFC 6455 §7.4.2 and the IANA registry).
    static func isSendable(_ code: UInt16) -> Bool {
        switch code {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }
}
