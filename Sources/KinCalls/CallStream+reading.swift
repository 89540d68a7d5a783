public import KinWire

extension CallStream {
    /// Takes the frames off a stream of bytes until it ends, breaks, or brings what is no frame; then this stream is over.
    /// - Parameter fault: what those are told then who wait for answers.
    public func read<Chunks: AsyncSequence>(_ chunks: Chunks, ending fault: CallFault) async
    where Chunks.Element: Sequence<UInt8> {
        var frames = CallFrames()
        do {
            for try await chunk in chunks {
                for frame in try frames.take(chunk) { try receive(frame) }
            }
        } catch let error as WireError {
            return end(.notCalls(error))
        } catch {
            // However the bytes came to their end: whoever waits is told that they have.
        }
        end(fault)
    }
}

extension CallFault {
    fileprivate static func notCalls(_ error: WireError) -> CallFault {
        CallFault(.unavailable, "what came is no call (\(error.message)): update  kin  on both sides")
    }
}
