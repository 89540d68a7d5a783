/// The words that a recovery phrase is made of: 2,048, sorted, so that each stands for 11 bits.
struct WordList: Sendable {
    private let words: [String]

    /// - Parameter text: the words in order, between white space.
    init(_ text: StaticString) {
        words = text.description.split(whereSeparator: \.isWhitespace).map(String.init)
    }

    var count: Int { words.count }

    subscript(index: Int) -> String { words[index] }

    /// Where `word` stands, or nil where it is not listed.
    func index(of word: String) -> Int? {
        var range = words.startIndex..<words.endIndex
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            if words[middle] == word { return middle }
            range = words[middle] < word ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return nil
    }

    /// The listed word that takes the fewest letters inserted, left out, replaced or swapped with their neighbour; of
    /// equals the one that begins alike for longest, as the first four letters tell all words apart.
    func nearest(to word: String) -> String? {
        words.map { (word: $0, distance: Self.distance($0, word), prefix: $0.commonPrefix(with: word)) }
            .min { ($0.distance, $1.prefix) < ($1.distance, $0.prefix) }?.word
    }

    /// The optimal string alignment distance, by rows of the usual table.
    private static func distance(_ left: String, _ right: String) -> Int {
        let (left, right) = (Array(left.utf8), Array(right.utf8))
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for (row, letter) in left.enumerated() {
            var current = [row + 1]
            for (column, other) in right.enumerated() {
                var best = min(last[column] + (letter == other ? 0 : 1), last[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, letter == right[column - 1], other == left[row - 1] {
                    best = min(best, beforeLast[column - 1] + 1)
                }
                current.append(best)
            }
            (beforeLast, last) = (last, current)
        }
        return last[right.count]
    }
}

extension String {
    fileprivate func commonPrefix(with other: String) -> Int {
        zip(utf8, other.utf8).prefix { $0 == $1 }.count
    }
}
