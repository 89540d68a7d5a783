import GRDB
import KinSQLite
import KinWire

/// The full-text index of the inbox (SQLite FTS5), kept by triggers, so that it is as true as the inbox in every transaction.
enum InboxIndex {
    /// Builds it where it is wanted and not there, drops it where it is there and not wanted.
    static func set(_ isWanted: Bool, in database: DurableDatabase) throws {
        let exists = try database.read { try $0.tableExists("inbox_fts") }
        guard exists != isWanted else { return }
        try database.change { db in try db.execute(sql: isWanted ? build : drop) }
    }

    /// Builds a damaged one anew.
    /// - Returns: false where there is none, or nothing is wrong with it.
    /// - Throws: `StoreError` where more than the index is damaged.
    static func mend(in database: DurableDatabase) throws -> Bool {
        guard try database.read({ try $0.tableExists("inbox_fts") }) else { return false }
        do {
            try database.change { try $0.execute(sql: "INSERT INTO inbox_fts (inbox_fts) VALUES ('integrity-check')") }
            return false
        } catch let error as StoreError where error.code == .corrupt {
            try database.change { try $0.execute(sql: empty + fill) }
            return true
        }
    }

    /// Bodies are blobs; as text they are indexed to their end, U+0000 or not.
    private static let build = """
        CREATE VIRTUAL TABLE inbox_fts USING fts5 (
            body, content = 'inbox', content_rowid = 'id', tokenize = 'unicode61');
        \(fill);
        CREATE TRIGGER inbox_fts_insert AFTER INSERT ON inbox BEGIN
            INSERT INTO inbox_fts (rowid, body) VALUES (new.id, CAST(new.body AS TEXT));
        END;
        CREATE TRIGGER inbox_fts_delete AFTER DELETE ON inbox BEGIN
            INSERT INTO inbox_fts (inbox_fts, rowid, body) VALUES ('delete', old.id, CAST(old.body AS TEXT));
        END;
        """

    /// A damaged one cannot even be dropped: it gets what an empty one has.
    private static let empty = """
        CREATE VIRTUAL TABLE inbox_fts_empty USING fts5 (body);
        DELETE FROM inbox_fts_data;
        DELETE FROM inbox_fts_idx;
        DELETE FROM inbox_fts_docsize;
        INSERT INTO inbox_fts_data SELECT * FROM inbox_fts_empty_data;
        DROP TABLE inbox_fts_empty;
        """

    private static let fill = "INSERT INTO inbox_fts (rowid, body) SELECT id, CAST(body AS TEXT) FROM inbox"

    private static let drop = """
        DROP TRIGGER inbox_fts_insert;
        DROP TRIGGER inbox_fts_delete;
        DROP TABLE inbox_fts;
        """
}

/// What to look for: words that must all be in a message; `"…"` is a phrase, a `*` behind a word or phrase stands for any ending.
///
/// Nothing else has a meaning, so that no text is an error of the search language.
public struct SearchWords: Hashable, Sendable {
    /// Bytes.
    public static let maxBytes = 1024

    /// For `MATCH`.
    let expression: String

    /// - Returns: nil where there is no letter or digit to look for, and for what is too long.
    public init?(_ text: String) {
        guard text.utf8.count <= Self.maxBytes else { return nil }
        var parts: [String] = []
        var rest = text[...]
        while let first = rest.first {
            if first == "\"" {
                let phrase = rest.dropFirst().prefix { $0 != "\"" }
                rest = rest.dropFirst(1 + phrase.count).dropFirst()
                parts.append(Self.part(phrase, &rest))
            } else if first.isWhitespace || first == "*" {
                rest = rest.dropFirst()
            } else {
                let word = rest.prefix { !$0.isWhitespace && $0 != "\"" && $0 != "*" }
                rest = rest.dropFirst(word.count)
                parts.append(Self.part(word, &rest))
            }
        }
        parts.removeAll(where: \.isEmpty)
        guard !parts.isEmpty else { return nil }
        expression = parts.joined(separator: " AND ")
    }

    /// A string of the search language; empty where nothing of it would be looked for.
    private static func part(_ text: Substring, _ rest: inout Substring) -> String {
        let isPrefix = rest.first == "*"
        if isPrefix { rest = rest.dropFirst() }
        guard text.contains(where: { $0.isLetter || $0.isNumber }) else { return "" }
        // SQLite ends a text it is given at its first U+0000.
        return "\"" + text.filter { $0 != "\u{0}" } + "\"" + (isPrefix ? "*" : "")
    }
}

extension KinError {
    static let searchOff = KinError(
        "search_off",
        "the inbox has no index to search: write  inbox_fts = true  below  [capabilities]  in config.toml, and start the daemon again",
        category: .conflict)
}
