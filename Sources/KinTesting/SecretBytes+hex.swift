import KinCrypto
import KinEncoding

extension SecretBytes {
    public convenience init(hex: String) throws {
        self.init(copying: try Hex.decode(hex))
    }

    public var hex: String { withBytes { Hex.encode($0) } }
}
