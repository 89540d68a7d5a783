/// How a copy goes.
struct CopyOptions: Sendable {
    /// Bytes that go at once.
    var chunk = 1 << 18
    /// Chunks under way at once, of all files together.
    var underWay = 32
    /// Files at once, where there are several.
    var filesAtOnce = 4
    /// How long nothing may come through before it is given up.
    var patience = Duration.seconds(300)
    /// Whether files that are there are replaced, as cp(1) does.
    var overwrites = true
    var pace = CopyPace.system
}

/// The time as a copy takes it, so that a test can hold it still.
struct CopyPace: Sendable {
    /// Only differences mean something.
    var now: @Sendable () -> Duration
    var sleep: @Sendable (Duration) async -> Void

    static let system: CopyPace = {
        let start = ContinuousClock.now
        return CopyPace(
            now: { ContinuousClock.now - start },
            // A cancelled task is noticed by what it does next.
            sleep: { try? await Task.sleep(for: $0) })
    }()
}

/// Who is told how a copy goes.
struct CopyNews: Sendable {
    /// So many more bytes are at the target, or fewer where some have to go again.
    var moved: @Sendable (Int64) -> Void
    /// A line beside the answer.
    var note: @Sendable (String) -> Void

    static let unheard = CopyNews(moved: { _ in }, note: { _ in })
}
