import Testing

/// Log lines of daemon and server are facts with fixed names, all of them in docs/operations.md.
@Suite struct LogEventTests {
    private static let targets = [
        "KinBroker", "KinBrokerSQLite", "KinClient", "KinCommands", "KinDaemon", "KinMailbox", "KinServer",
    ]

    @Test("every log call names its event by constants in snake_case")
    func constants() throws {
        let calls = try Self.targets.flatMap { try Repository.sources(of: $0) }.flatMap { LogCall.all(in: $0) }
        #expect(calls.count > 40)
        let loose = calls.filter { call in
            call.events.isEmpty || !call.events.allSatisfy { $0.wholeMatch(of: /[a-z][a-z0-9]*(_[a-z0-9]+)*/) != nil }
        }
        #expect(loose.map(\.place) == [])
    }

    @Test("the events that are logged are those of docs/operations.md, which says who logs them")
    func documented() throws {
        let table = try Repository.text("docs/operations.md").split(separator: "\n").compactMap { line in
            line.wholeMatch(of: /\| `([a-z0-9_]+)` \| (daemon|server|both) \|.*/).map { (String($0.1), String($0.2)) }
        }
        var logged: [String: Set<String>] = [:]
        for target in Self.targets {
            let side = target == "KinServer" || target.hasPrefix("KinBroker") ? "server" : "daemon"
            for call in try Repository.sources(of: target).flatMap({ LogCall.all(in: $0) }) {
                for event in call.events { logged[event, default: []].insert(side) }
            }
        }
        let expected = logged.mapValues { $0.count == 2 ? "both" : $0.first ?? "" }
        #expect(Set(table.map(\.0)).count == table.count, "an event is listed twice")
        #expect(Dictionary(table) { $1 } == expected)
    }

    @Test("a call is found with its event on its line or the next, and interpolation is no constant")
    func scanner() {
        let text = """
            logger.info("one")
            logger.notice(
                "two", metadata: ["x": "not_this"])
            self.logger.error(isX ? "three" : "four", metadata: [:])
            logger.warning("\\(five)")
            // logger.info("six")
            """
        let calls = LogCall.all(in: SourceFile(path: "X.swift", target: "X", text: text))
        #expect(calls.map(\.events) == [["one"], ["two"], ["three", "four"], []])
    }
}

/// One call of a logger.
private struct LogCall {
    var place: String
    var events: [String]

    static func all(in file: SourceFile) -> [LogCall] {
        file.lines.indices.compactMap { index in
            let line = file.lines[index]
            guard !line.trimmed.hasPrefix("//"),
                let call = line.firstMatch(of: /logger\.(trace|debug|info|notice|warning|error|critical)\(/)
            else { return nil }
            var rest = line[call.range.upperBound...]
            if rest.trimmed.isEmpty, index + 1 < file.lines.count { rest = file.lines[index + 1] }
            let message = rest.prefix { $0 != "," && $0 != ")" }
            guard !message.contains("\\(") else { return LogCall(place: file.place(index), events: []) }
            return LogCall(
                place: file.place(index), events: message.matches(of: /"([^"]*)"/).map { String($0.1) })
        }
    }
}
