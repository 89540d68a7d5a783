import Synchronization

/// The connection of a link whose sending task has nothing to do: whoever has a small frame then sends it by himself, and wakes nobody.
///
/// A change of thread costs more than such a frame: tens of microseconds on a core that sleeps.
final class IdleSender: Sendable {
    private struct Connection {
        let carrier: any LinkCarrier
        let number: Int
    }

    /// nil while the task is awake. Held while somebody sends in its place, so that messages leave in the order they were sealed.
    private let connection = Mutex<Connection?>(nil)

    /// The task of that connection goes to sleep. What comes from now on does not need it.
    func park(_ carrier: any LinkCarrier, _ number: Int) {
        connection.withLock { connection in
            if let connection, connection.number > number { return }
            connection = Connection(carrier: carrier, number: number)
        }
    }

    /// The task of that connection is awake, or has ended. Waits for whoever is sending.
    func unpark(_ number: Int) {
        connection.withLock { if $0?.number == number { $0 = nil } }
    }

    /// Sends what there is in the task's place.
    /// - Parameter next: seals the next message of a connection.
    /// - Returns: false: the task has to be woken, because it is awake already, because there is no room, or to find out what went wrong.
    func send(_ next: (_ connection: Int) throws -> [UInt8]?) -> Bool {
        connection.withLock { connection in
            guard let idle = connection else { return false }
            do {
                while idle.carrier.hasRoom {
                    guard let message = try next(idle.number) else { return true }
                    idle.carrier.give(message)
                }
            } catch {
                // The link keeps its fault, or is on another connection: the task that is woken for it finds out which.
            }
            connection = nil
            return false
        }
    }
}
