extension Collection<UInt8> {
    /// The elements as one region of memory, without a copy where they already are one.
    func withContiguousBytes<R>(_ body: (UnsafeBufferPointer<UInt8>) throws -> R) rethrows -> R {
        if let result = try withContiguousStorageIfAvailable(body) { return result }
        return try Array(self).withUnsafeBufferPointer(body)
    }
}

/// Buffers as C functions take them that demand an address even for no bytes.
private enum NoBytes {
    /// Stands in where a length is 0, and is therefore neither read nor written.
    nonisolated(unsafe) static let address = UnsafeMutablePointer<UInt8>.allocate(capacity: 1)
}

extension UnsafeBufferPointer<UInt8> {
    var octets: UnsafePointer<UInt8> { baseAddress ?? UnsafePointer(NoBytes.address) }
}

extension UnsafeMutableBufferPointer<UInt8> {
    var octets: UnsafeMutablePointer<UInt8> { baseAddress ?? NoBytes.address }
}

extension UnsafeRawBufferPointer {
    var octets: UnsafePointer<UInt8> { bindMemory(to: UInt8.self).octets }
}

extension UnsafeMutableRawBufferPointer {
    var octets: UnsafeMutablePointer<UInt8> { bindMemory(to: UInt8.self).octets }
}
