/// Whatever prints, logs, dumps or reflects a secret gets the same nine letters.
extension SecretBytes: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "[redacted]" }

    public var debugDescription: String { "[redacted]" }

    public var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}
