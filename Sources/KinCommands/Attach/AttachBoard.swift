import KinTerminal
import KinWire

/// How `kin attach` ended.
public enum AttachEnd: Hashable, Sendable {
    /// What is attached runs on.
    case detached
    /// The last program ended.
    case exited(TerminalExit)
    /// The way to the last one was lost; it runs on.
    case lost(KinError)
    /// This process was asked to end by a signal; what is attached runs on.
    case signalled(Int32)
    /// Whoever read the output has gone.
    case unread
}

/// Which of several terminals is shown, and what a key or an end means for that: a pure state machine.
struct AttachBoard {
    struct Place: Hashable {
        var name: String
        /// Whether it is out of reach, and looked for.
        var isAway = false
        /// Set once nothing comes from it any more.
        var end: AttachEnd?
    }

    enum Action: Hashable {
        case send([UInt8])
        /// Shows what is at this place, drawn anew.
        case show(Int)
        /// Says that what should be on the screen is out of reach, under what is there.
        case tellAway(String)
        case note(String)
        case bell
        case help([String])
        case suspend
        case close(Int)
        case finish(AttachEnd)
    }

    let escape: EscapeKey?
    private(set) var places: [Place]
    private(set) var shown = 0
    /// Whether the help, or a question, stands where the program's screen should be.
    private var isCovered = false

    init(_ names: [String], escape: EscapeKey?) {
        places = names.map { Place(name: $0) }
        self.escape = escape
    }

    mutating func take(_ output: AttachKeys.Output) -> [Action] {
        let wasCovered = isCovered
        isCovered = false
        switch output {
        // A key that only ends the reading of the help is for nobody.
        case .typed where wasCovered: return show(shown)
        // What nobody sees typed is not kept: it would be obeyed when nobody expects it.
        case .typed(let bytes): return [places[shown].isAway ? .bell : .send(bytes)]
        case .command(let command):
            let actions = take(command)
            return wasCovered && (actions.isEmpty || actions == [.bell]) ? actions + show(shown) : actions
        }
    }

    private mutating func take(_ command: AttachKeyCommand) -> [Action] {
        switch command {
        case .detach: return [.finish(.detached)]
        case .next: return step(1)
        case .previous: return step(-1)
        case .show(let index):
            guard places.indices.contains(index), places[index].end == nil else { return [.bell] }
            return show(index)
        case .help:
            isCovered = true
            return [.help(helpLines)]
        case .suspend: return [.suspend]
        case .askToClose:
            isCovered = true
            return [.help(["close \(places[shown].name), and end what runs in it? y/N"])]
        case .close: return [.close(shown)]
        case .keep: return []
        }
    }

    /// The next that runs, in one direction or the other.
    private mutating func step(_ direction: Int) -> [Action] {
        let count = places.count
        let others = (1..<max(count, 1)).map { (shown + direction * $0 + count * count) % count }
        guard let next = others.first(where: { places[$0].end == nil }) else { return [.bell] }
        return show(next)
    }

    /// The screen here is not what it was.
    mutating func showAgain() -> [Action] { show(shown) }

    private mutating func show(_ index: Int) -> [Action] {
        shown = index
        return [.show(index)] + (places[index].isAway ? [.tellAway(awayLine)] : [])
    }

    /// It is out of reach, and looked for.
    mutating func went(_ index: Int) -> [Action] {
        guard places.indices.contains(index), places[index].end == nil, !places[index].isAway else { return [] }
        places[index].isAway = true
        guard index == shown else { return [] }
        isCovered = false
        return [.tellAway(awayLine)]
    }

    /// It is in reach again.
    mutating func cameBack(_ index: Int) {
        guard places.indices.contains(index) else { return }
        places[index].isAway = false
    }

    private var awayLine: String {
        "\(places[shown].name) is out of reach, and looked for"
            + (escape.map { "; \($0.name) d leaves it running" } ?? "")
    }

    /// Nothing comes from there any more.
    mutating func ended(_ index: Int, _ end: AttachEnd) -> [Action] {
        guard places.indices.contains(index), places[index].end == nil else { return [] }
        places[index].end = end
        guard places.contains(where: { $0.end == nil }) else { return [.finish(end)] }
        let note = Action.note("\(places[index].name) \(Self.text(end))")
        guard index == shown else { return [.bell, note] }
        isCovered = false
        return step(1) + [note]
    }

    private static func text(_ end: AttachEnd) -> String {
        switch end {
        case .exited(.code(let code)): "ended with \(code)"
        case .exited(.signal(let signal)): "was ended by signal \(signal)"
        case .lost(let error): "was lost: \(error.message)"
        case .detached, .signalled, .unread: "is detached"
        }
    }

    private var helpLines: [String] {
        let key = escape?.name ?? "none"
        let names = places.indices.map { index in
            let mark = index == shown ? "*" : " "
            return " \(mark)\(index + 1)  \(places[index].name)"
                + (places[index].end.map { "  (\(Self.text($0)))" } ?? (places[index].isAway ? "  (out of reach)" : ""))
        }
        return [
            "\(key) and then", "  d    detach: what runs runs on", "  n p  the next machine, the one before",
            "  1-9  that machine", "  z    suspend kin", "  k x  close this terminal, with what runs in it",
            "  ]    \(key) itself", "  ?    this",
        ] + names + ["any key goes on"]
    }
}
