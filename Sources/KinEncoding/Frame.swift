/// One message on a binary channel: the header's length as four bytes, big-endian, then header, then body.
public enum Frame {
    private static let lengthBytes = 4

    public static func encode(header: [UInt8], body: [UInt8]) -> [UInt8] {
        var frame: [UInt8] = []
        frame.reserveCapacity(lengthBytes + header.count + body.count)
        withUnsafeBytes(of: UInt32(header.count).bigEndian) { frame.append(contentsOf: $0) }
        frame.append(contentsOf: header)
        frame.append(contentsOf: body)
        return frame
    }

    /// Header and body of a frame, without copying either.
    ///
    /// - Throws: `frame_truncated` where the bytes end before the header does, `frame_header_too_large` where the
    ///   header is longer than `maxHeaderBytes`.
    public static func split(
        _ bytes: [UInt8], maxHeaderBytes: Int
    ) throws(EncodingError) -> (header: ArraySlice<UInt8>, body: ArraySlice<UInt8>) {
        guard bytes.count >= lengthBytes else {
            throw EncodingError(code: "frame_truncated", message: "a frame begins with the four bytes of a length")
        }
        let length = bytes[..<lengthBytes].reduce(0) { $0 << 8 | Int($1) }
        guard length <= maxHeaderBytes else {
            throw EncodingError(
                code: "frame_header_too_large",
                message: "a frame's header may have at most \(maxHeaderBytes) bytes here")
        }
        guard length <= bytes.count - lengthBytes else {
            throw EncodingError(code: "frame_truncated", message: "the frame ends before its header does")
        }
        let bodyStart = lengthBytes + length
        return (bytes[lengthBytes..<bodyStart], bytes[bodyStart...])
    }
}
