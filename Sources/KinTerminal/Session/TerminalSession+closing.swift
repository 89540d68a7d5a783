import Foundation
import KinWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension TerminalSession {
    /// Ends the program and whatever descends from it: SIGHUP, and SIGKILL for who is still there after the limit's `grace`.
    func close() async -> TerminalExit {
        let exit = await withCheckedContinuation { waiter in
            let exit: TerminalExit? = state.withLock { state in
                if let exit = state.exit { return exit }
                state.isClosing = true
                state.endWaiters.append(waiter)
                child.wake()
                return nil
            }
            if let exit { waiter.resume(returning: exit) }
        }
        await endSurvivors()
        return exit
    }

    /// Those that ran on when the program ended by itself, and what they started since.
    private func endSurvivors() async {
        let survivors = state.withLock { state in
            defer { state.survivors = [] }
            return state.survivors
        }
        guard !survivors.isEmpty else { return }
        let (session, grace) = (child.process, limits.grace)
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                TreeEnding(
                    grace: grace,
                    members: { tree in
                        // Once the last of them has ended, the session's number may be another's.
                        let lives = tree.hasSession(session, among: survivors)
                        return tree.members(ofSession: lives ? session : nil, known: survivors)
                    },
                    wait: Self.wait
                ).run()
                continuation.resume()
            }
        }
    }

    /// Until all can be read from, or so long.
    private static func wait(_ limit: Duration, _ watches: [Int32]) {
        let deadline = ContinuousClock.now + limit
        var files = watches.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        repeat {
            let rest = ContinuousClock.now.duration(to: deadline) / Duration.milliseconds(1)
            guard rest > 0 else { return }
            _ = poll(&files, nfds_t(files.count), Int32(rest.rounded(.up)))
            files.removeAll { $0.revents != 0 }
        } while !files.isEmpty
    }
}
