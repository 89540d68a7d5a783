import KinTerminal

// What programs write to a terminal: any bytes at all, from whatever a person looks at with `cat`.

extension FuzzTarget {
    private static let sequences =
        "\u{1b}[]()P_^X\\?;:<>=!$ \"#0123456789\u{5}\u{7}\u{e}\u{f}\u{18}\u{1a}\r\nABJHhlmnpqrtux\u{fc}"

    /// Bytes: somewhat more than the distance of two places where a screen can begin.
    private static let kept = 5 << 10

    static let screens = [
        FuzzTarget(name: "escape-sequence", alphabet: sequences) { bytes in
            var (whole, pieces) = (EscapeParser(), EscapeParser())
            let found = whole.parse(bytes)
            try promise(
                bytes.flatMap { pieces.parse([$0]) } == found, "sequences depend on how their bytes came")
            try promise(whole.position == Int64(bytes.count), "a byte is passed over")
            var end: Int64 = 0
            for one in found {
                try promise(one.range.lowerBound >= end && !one.range.isEmpty, "sequences overlap")
                end = one.range.upperBound
                var again = EscapeParser()
                let text = Array(bytes[Int(one.range.lowerBound)..<Int(end)])
                try promise(again.parse(text).map(\.sequence) == [one.sequence], "alone a sequence is another")
            }
            try promise(end <= whole.position, "a sequence ends behind the last byte")
            try checkPlain(bytes)
            return !found.isEmpty
        },
        FuzzTarget(name: "screen", alphabet: sequences) { bytes in
            guard !bytes.isEmpty else { return false }
            // Far more than is kept, cut where the input says.
            var record = ScreenRecord(capacity: kept)
            var cuts = bytes.makeIterator()
            var round: [UInt8] = []
            while record.kept.upperBound < 2 * kept {
                if round.isEmpty { round = bytes }
                let piece = Array(round.prefix(1 + Int(cuts.next() ?? 255) * 16))
                round.removeFirst(piece.count)
                record.append(piece)
            }
            try check(record)
            return true
        },
    ]

    /// Plain output is what stands between sequences, wherever it is cut.
    private static func checkPlain(_ bytes: [UInt8]) throws {
        var (whole, pieces) = (PlainOutput(), PlainOutput())
        let text = whole.text(bytes)
        try promise(bytes.flatMap { pieces.text([$0]) } == text, "plain output depends on how its bytes came")
        var parser = EscapeParser()
        try promise(parser.parse(text).isEmpty && !text.contains(0x1b), "plain output holds a sequence")
    }

    /// Whoever comes back finds the terminal set as the program set it, is asked nothing, and can leave it as it was.
    private static func check(_ record: ScreenRecord) throws {
        let (screen, position) = record.screen()
        try promise(position == record.kept.upperBound, "output goes on elsewhere")
        try promise(record.kept.count <= kept, "more is kept than may be")
        for from in [0, record.kept.lowerBound - 1, record.kept.lowerBound, position, position + 1] {
            let place = record.readable(from: from)
            try promise(record.kept.contains(place) || place == position, "what is not kept is to be read")
            try promise(place >= min(from, position), "what was read is to be read again")
        }
        var parser = EscapeParser()
        for found in parser.parse(screen) {
            try promise(
                !found.sequence.asksForAnswer && found.sequence != .control(7), "an old question is asked again")
        }
        var follower = ScreenFollower()
        follower.follow(screen)
        try promise(follower.modes == record.modes, "the screen comes back in other modes")
        follower.follow([0x18] + follower.modes.bytesToLeave)
        try promise(follower.modes.bytesToLeave.isEmpty, "a screen that was left is not as it was")
    }
}
