import HTTPTypes
import Hummingbird
import KinBroker
import NIOCore
import ServiceLifecycle

/// Hands a blob's bytes out, a buffer at a time, as fast as they are taken.
struct BlobDelivery: Sendable {
    private static let bufferBytes = 262_144

    let file: OpenBlob
    let caller: Caller
    let slot: TransferSlots.Slot
    let metrics: ServerMetrics
    let patience: Duration

    /// - Parameter range: within the file.
    func body(_ range: Range<Int64>, on channel: any Channel) -> ResponseBody {
        ResponseBody(contentLength: Int(range.upperBound - range.lowerBound)) { writer in
            let pace = TransferPace(patience: patience)
            channel.triggerUserOutboundEvent(AnswerDeadline.Patience(time: TimeAmount(patience)), promise: nil)
            // A writer that waits for its reader hears of nothing else: the connection is closed under it.
            let watches = [
                Task {
                    do { try await pace.watch(caller) } catch {
                        if !Task.isCancelled { channel.close(promise: nil) }
                    }
                },
                Task {
                    try? await gracefulShutdown()
                    if !Task.isCancelled { channel.close(promise: nil) }
                },
            ]
            defer { for watch in watches { watch.cancel() } }
            var offset = range.lowerBound
            while offset < range.upperBound {
                let (start, limit) = (offset, Int(min(Int64(Self.bufferBytes), range.upperBound - offset)))
                let bytes = try await BlobIntake.disk { try file.read(at: start, limit: limit) }
                guard !bytes.isEmpty else { throw BlobFiles.Missing() }
                try await writer.write(ByteBuffer(bytes: bytes))
                metrics.blobBytes["out"].add(bytes.count)
                pace.move(bytes.count)
                offset += Int64(bytes.count)
            }
            try await writer.finish(nil)
            withExtendedLifetime(slot) {}
        }
    }
}

/// What a `Range` header asks of `size` bytes (RFC 9110, section 14).
enum ByteRange: Hashable {
    case whole
    case part(Range<Int64>)
    case unsatisfiable

    /// One range from a first byte on; any other form is passed over, as it may be.
    init(_ header: String?, size: Int64) {
        self = .whole
        guard let header, let match = header.wholeMatch(of: /bytes=([0-9]{1,18})-([0-9]{0,18})/),
            let first = Int64(match.1)
        else { return }
        let last = Int64(match.2).map { min($0, size - 1) } ?? size - 1
        guard match.2.isEmpty || Int64(match.2).map({ $0 >= first }) ?? false else { return }
        self = first < size ? .part(first..<last + 1) : .unsatisfiable
    }
}
