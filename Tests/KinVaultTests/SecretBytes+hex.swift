import KinCrypto
import KinEncoding

extension SecretBytes {
    convenience init(hex: String) throws {
        self.init(copying: try Hex.decode(hex))
    }

    var hex: String { withBytes { Hex.encode($0) } }
}
