import CQREncode

/// A QR code (ISO/IEC 18004), of the smallest size that holds its content.
public struct QRCode: Hashable, Sendable {
    /// How much of it may be hidden: about 7, 15, 25 or 30 in a hundred.
    public enum Correction: Sendable {
        case low, medium, quartile, high

        fileprivate var level: QRecLevel {
            switch self {
            case .low: QR_ECLEVEL_L
            case .medium: QR_ECLEVEL_M
            case .quartile: QR_ECLEVEL_Q
            case .high: QR_ECLEVEL_H
            }
        }
    }

    /// Bytes that fit into the largest code, at `low`.
    public static let maxBytes = 2953

    /// Modules of a side: 21 to 177.
    public let size: Int
    /// Row by row from the top left; true: dark.
    private let modules: [Bool]

    /// - Parameter content: 1 to 2,953 bytes, fewer with more correction.
    /// - Returns: nil for anything else.
    public init?(_ content: [UInt8], correction: Correction = .low) {
        guard (1...Self.maxBytes).contains(content.count),
            let code = QRcode_encodeData(Int32(content.count), content, 0, correction.level)
        else { return nil }
        defer { QRcode_free(code) }
        let width = Int(code.pointee.width)
        guard width > 0, let data = code.pointee.data else { return nil }
        size = width
        // The lowest bit is the module; the others say what it belongs to.
        modules = (0..<width * width).map { data[$0] & 1 == 1 }
    }

    /// Whether a module is dark; outside the code all is light.
    public func isDark(row: Int, column: Int) -> Bool {
        guard (0..<size).contains(row), (0..<size).contains(column) else { return false }
        return modules[row * size + column]
    }
}
