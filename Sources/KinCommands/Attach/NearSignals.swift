import Dispatch

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What the system tells a process at a terminal.
enum NearSignal: Hashable, Sendable {
    /// The terminal has another size.
    case resized
    /// Somebody asks it to stop, as Control-Z does.
    case suspend
    /// It goes on after a stop, of which it need not have heard.
    case continued
    case end(Int32)
}

/// The signals of this process as a stream, instead of what they do by default; until it goes.
///
/// Unchecked: its sources are touched only when it comes and when it goes, and nobody else has it then.
final class NearSignals: @unchecked Sendable {
    private static let heard: [(signal: Int32, meaning: NearSignal)] = [
        (SIGWINCH, .resized), (SIGTSTP, .suspend), (SIGCONT, .continued), (SIGTERM, .end(SIGTERM)),
        (SIGHUP, .end(SIGHUP)), (SIGINT, .end(SIGINT)), (SIGQUIT, .end(SIGQUIT)),
    ]

    let stream: AsyncStream<NearSignal>
    private let sources: [any DispatchSourceSignal]

    init() {
        let (stream, continuation) = AsyncStream.makeStream(of: NearSignal.self)
        self.stream = stream
        let queue = DispatchQueue(label: "kin.attach.signals")
        sources = Self.heard.map { heard in
            // A source hears only of what is not obeyed.
            signal(heard.signal, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: heard.signal, queue: queue)
            source.setEventHandler { continuation.yield(heard.meaning) }
            source.resume()
            return source
        }
    }

    deinit {
        for (source, heard) in zip(sources, Self.heard) {
            source.cancel()
            signal(heard.signal, SIG_DFL)
        }
    }

    /// Stops this process, until somebody lets it go on.
    static func stopProcess() {
        // To this thread: it goes no step further, as it would where another one got the signal.
        raise(SIGSTOP)
    }
}
