import KinDaemonAPI
import KinWire

/// Standard input, cut into lines as it comes.
struct InputLines {
    struct Line: Hashable, Sendable {
        /// From 1.
        var number: Int
        var text: String
    }

    private let terminal: any Terminal
    private var rest: [UInt8] = []
    private var number = 0
    private var isAtEnd = false

    init(_ terminal: any Terminal) { self.terminal = terminal }

    /// The lines that are there once there is one, without their ends and without those that are empty; nil at the end.
    /// - Throws: `line_too_long`, `line_not_text`.
    mutating func next() throws -> [Line]? {
        while !isAtEnd {
            let piece = try terminal.readSome()
            isAtEnd = piece.isEmpty
            rest += piece
            let lines = try cut()
            if !lines.isEmpty { return lines }
        }
        return nil
    }

    private mutating func cut() throws -> [Line] {
        var lines: [Line] = []
        var start = rest.startIndex
        while let end = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
            if let line = try line(rest[start..<end]) { lines.append(line) }
            start = end + 1
        }
        rest.removeSubrange(..<start)
        // The last line need not end.
        if isAtEnd && !rest.isEmpty, let line = try line(rest[...]) { lines.append(line) }
        guard rest.count <= SendRequest.maxBytes else {
            throw KinError(
                "line_too_long", "line \(number + 1) is longer than \(SendRequest.maxBytes) bytes", category: .tooLarge)
        }
        return lines
    }

    private mutating func line(_ bytes: ArraySlice<UInt8>) throws -> Line? {
        number += 1
        let bytes = bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes
        guard !bytes.isEmpty else { return nil }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw KinError(
                "line_not_text", "line \(number) is not UTF-8 text: encode it first, as with base64", category: .usage)
        }
        return Line(number: number, text: text)
    }
}

/// Sends each line of standard input, in order: what has come goes together, while more gathers in the pipe.
struct SendLines: Sendable {
    /// Below the limit of a request's body, whatever else it holds.
    private static let batchBytes = SendRequest.maxBytes - (16 << 10)

    private let model: SendRequest
    private let daemon: LocalDaemon
    private let waiting: MessageWait.Terms?

    /// - Parameter model: what all have in common.
    init(_ model: SendRequest, daemon: LocalDaemon, waiting: MessageWait.Terms?) {
        self.model = model
        self.daemon = daemon
        self.waiting = waiting
    }

    func run(_ context: CommandContext, _ output: Output) async throws {
        guard !context.terminal.canAsk else {
            throw KinError("message_missing", "pipe in what to send, line by line", category: .usage)
        }
        var input = InputLines(context.terminal)
        var ids: [ClientMessageID] = []
        while let lines = try input.next() {
            for batch in batches(lines) { ids += try await send(batch, output) }
        }
        if let waiting { try await wait(for: ids, waiting, output) }
    }

    private func batches(_ lines: [InputLines.Line]) -> [[InputLines.Line]] {
        var batches: [[InputLines.Line]] = []
        var size = 0
        for line in lines {
            let bytes = request(line).canonicalBytes().count + 1
            if let last = batches.indices.last, batches[last].count < SendBatch.maxMessages,
                size + bytes <= Self.batchBytes
            {
                batches[last].append(line)
                size += bytes
            } else {
                batches.append([line])
                size = bytes
            }
        }
        return batches
    }

    private func request(_ line: InputLines.Line) -> SendRequest {
        var request = model
        request.message = line.text
        return request
    }

    /// - Throws: the refusal of a line, which it names; those before it were sent.
    private func send(_ lines: [InputLines.Line], _ output: Output) async throws -> [ClientMessageID] {
        let batch = SendBatch(messages: lines.map(request))
        let answer = try await daemon.call { try await $0.send(batch) }
        for sent in answer.answers where waiting == nil || output.form == .text {
            try output.answer(.lines(["\(sent.status.rawValue) \(sent.clientMessageID)"]), json: sent.json)
        }
        guard var refusal = answer.refusal else { return answer.answers.map(\.clientMessageID) }
        if answer.answers.count < lines.count {
            refusal.message = "line \(lines[answer.answers.count].number) was not taken: \(refusal.message)"
        }
        throw refusal
    }

    /// All of them have the same time.
    private func wait(
        for ids: [ClientMessageID], _ terms: MessageWait.Terms, _ output: Output
    ) async throws {
        let waiting = MessageWait(source: daemon.client, terms)
        var failures: [(id: ClientMessageID, error: KinError)] = []
        for id in ids {
            let end = try await waiting.wait(for: id)
            if output.form == .json { try output.answer(.lines([]), json: end.status.json) }
            if let failure = end.failure { failures.append((id, failure)) }
        }
        let count = ids.count - failures.count
        if output.form == .text {
            try output.answer(.lines(["\(terms.goal.rawValue) \(count) of \(ids.count)"]), json: .null)
        }
        guard let (id, failure) = failures.first else { return }
        var error = failure
        error.message = "\(failures.count) of \(ids.count) did not get there; the first, \(id): \(error.message)"
        throw error
    }
}
