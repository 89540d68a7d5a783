import KinEncoding

/// Bytes as `hexdump -C` shows them.
public enum HexDump {
    private static let width = 16

    /// - Parameter maxLines: of 16 bytes; a last line says how much was left out.
    public static func lines(of bytes: [UInt8], maxLines: Int) -> [String] {
        let shown = bytes.prefix(max(maxLines, 0) * width)
        var lines = stride(from: 0, to: shown.count, by: width).map { offset in
            line(shown[offset..<min(offset + width, shown.count)], at: offset)
        }
        if shown.count < bytes.count { lines.append("… \(bytes.count - shown.count) more bytes") }
        return lines
    }

    private static func line(_ bytes: ArraySlice<UInt8>, at offset: Int) -> String {
        let digits = Hex.encode([24, 16, 8, 0].map { UInt8(truncatingIfNeeded: offset >> $0) })
        var columns = ""
        for index in 0..<width {
            if index == width / 2 { columns += " " }
            columns += index < bytes.count ? " " + Hex.encode(CollectionOfOne(bytes[bytes.startIndex + index])) : "   "
        }
        let text = bytes.map { (0x20...0x7e).contains($0) ? String(UnicodeScalar($0)) : "." }.joined()
        return "\(digits) \(columns)  |\(text)|"
    }
}
