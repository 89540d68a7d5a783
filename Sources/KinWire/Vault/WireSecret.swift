/// Bytes of a message that are secret, kept as their holder keeps secrets: guarded memory where there is some.
///
/// The wire knows no cryptography; it writes secrets into what it is given, and reads them from there.
public protocol WireSecret: Sendable, Equatable {
    var count: Int { get }

    /// Lets `body` write `count` bytes in place; they are zeros before.
    init<E: Error>(count: Int, filling body: (UnsafeMutableRawBufferPointer) throws(E) -> Void) throws(E)

    /// Lends the bytes to `body`.
    func withBytes<R: ~Copyable, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R
}
