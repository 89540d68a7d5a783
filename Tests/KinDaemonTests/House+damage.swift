import Foundation
import KinDaemon
import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinTestServer
import KinTesting
import KinWire
import Logging

extension House {
    /// Damages a file of a daemon that is down: a page in its middle is all zeros.
    static func damage(_ name: String, of state: StateFolder) throws {
        let file = try FileHandle(forUpdating: URL(filePath: "\(state.daemon())/\(name)"))
        defer { try? file.close() }
        try file.seek(toOffset: try file.seekToEnd() / 8192 * 4096)
        try file.write(contentsOf: Data(repeating: 0, count: 4096))
    }

    /// Starts a daemon that was stopped, on servers of its own.
    func restart(
        _ daemon: TestDaemon, servers: [String]? = nil, log: Observed<[String]> = Observed([])
    ) async throws -> TestDaemon {
        try await start(
            DaemonOptions(
                state: daemon.state, name: daemon.version.name, servers: servers ?? [server.url],
                executable: "/nonexistent"), logger: .recording(into: log))
    }
}

extension TestDaemon {
    /// Sends texts in order, many at once, and waits until all have arrived.
    func deliver(_ texts: [String], to name: String) async throws {
        for start in stride(from: 0, to: texts.count, by: SendBatch.maxMessages) {
            let part = texts[start..<min(start + SendBatch.maxMessages, texts.count)]
            let answer = try await client.send(
                SendBatch(messages: part.map { SendRequest(to: name, message: $0) }))
            if let refusal = answer.refusal { throw refusal }
            for sent in answer.answers { try await waits(for: sent.clientMessageID, toBe: .delivered) }
        }
    }

    /// Waits until the broker's disk has what it was told before: its positions ride along with what is written next.
    func settle() async throws { try await deliver(["to itself"], to: version.name.description) }

    /// Waits until nothing is being filled again.
    func isWhole() async throws {
        try await eventually("the inbox of \(version.name) is whole", within: .seconds(20)) {
            try await client.health().inboxRefilled == nil
        }
    }
}
