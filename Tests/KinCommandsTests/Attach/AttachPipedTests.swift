import Foundation
import KinTerminal
import KinTestTerminal
import KinWire
import Testing

@testable import KinCommands

/// The near end of `kin attach` between pipes.
@Suite struct AttachPipedTests {
    @Test("without a reader of the output, what was opened for it ends, and what was there before runs on")
    func unread() async throws {
        signal(SIGPIPE, SIG_IGN)
        for isOwn in [true, false] {
            let terminals = Terminals.local(environment: ["PATH": "/usr/bin:/bin"])
            let request = TerminalRequest(command: ["/usr/bin/yes"], isPlain: true)
            let box = try LocalTerminal(terminals, name: "box", request: request)
            let (input, output) = (Pipe(), Pipe())
            try output.fileHandleForReading.close()
            let near = NearTerminal(
                input: input.fileHandleForReading.fileDescriptor, output: output.fileHandleForWriting.fileDescriptor)
            let end = try await AttachPiped(box, near: near, isOwn: isOwn) { _ in }
                .run(from: .position(0), signals: AsyncStream { _ in })
            #expect(end == .unread)
            #expect(terminals.list().map(\.exit) == (isOwn ? [] : [nil]))
            #expect(end.words(for: []) == nil)
            #expect(end.words(for: [box])?.contains("box runs on: come back with  kin attach box") == true)
            await terminals.closeAll()
        }
    }
}
