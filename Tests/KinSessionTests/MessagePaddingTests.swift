import Testing

@testable import KinSession

@Suite struct MessagePaddingTests {
    @Test("a length is hidden in multiples of 64 bytes up to 1,024, of 1,024 above")
    func lengths() {
        for count in 0..<4_200 {
            let padded = MessagePadding.pad([UInt8](repeating: 7, count: count))
            let expected = count < 1024 ? (count / 64 + 1) * 64 : (count / 1024 + 1) * 1024
            #expect(padded.count == expected && MessagePadding.paddedCount(count) == expected)
        }
    }

    @Test(
        "what was padded comes back",
        arguments: [0, 1, 63, 64, 65, 959, 960, 1022, 1023, 1024, 1025, 2047, 2048, 65_535])
    func roundTrip(count: Int) {
        // Bytes that look like padding themselves.
        let bytes = (0..<count).map { $0.isMultiple(of: 2) ? 0x80 as UInt8 : 0 }
        #expect(MessagePadding.unpad(MessagePadding.pad(bytes)) == bytes)
    }

    @Test("a length that padding never gives is refused", arguments: [0, 1, 63, 65, 1000, 1025, 1088, 1984, 2047])
    func impossible(count: Int) {
        var bytes = [UInt8](repeating: 0, count: count)
        if count > 0 { bytes[count - 1] = 0x80 }
        #expect(MessagePadding.unpad(bytes) == nil)
    }
}
