import Foundation
import KinCrypto
import KinEncoding
import KinIdentity
import KinLink
import KinWire

/// One side of a link or a pairing on standard input and output, for another implementation to talk to (Interop/tests/test_links_live.py).
///
/// The first line is JSON: `side` (`caller`, `called`, `entered`, `shown`) with `chain`, `static`, `now` and, to call, `target` (a chain), or `token`. Then each
/// line is a message in hex. What comes is sent back: of a link, frame by frame; of a pairing, message by message. Other lines, marked `=`, tell: the hash
/// or the number, and how it ended.
struct LinkPeer {
    private let settings: JSON

    static func run() throws {
        guard let line = readLine(), let settings = try? JSON.parse(Array(line.utf8)) else {
            throw BrokenPromise("the first line is JSON")
        }
        let peer = LinkPeer(settings: settings)
        switch peer.text("side") {
        case "caller": try peer.call()
        case "called": try peer.answer()
        case "entered": try peer.enter()
        case "shown": try peer.show()
        default: throw BrokenPromise("no such side")
        }
    }

    // MARK: Links

    private func call() throws {
        let (own, now) = try (credentials(), self.now())
        let target = try ChainVerifier(mesh: own.mesh).verify(chain("target"), now: now)
        var calling = try LinkInitiator(as: own.link, to: target)
        send(try calling.open(now: now))
        let connection = try calling.finish(receive(), now: now)
        tell(Hex.encode(connection.handshakeHash))
        try echo(on: Link(connection))
    }

    private func answer() throws {
        let (own, now) = try (credentials(), self.now())
        var called = LinkResponder(as: own.link)
        do throws(LinkFault) {
            _ = try called.read(receive(), now: now)
        } catch {
            if let refusal = called.refuse(error) { send(refusal) }
            return tell(error.code)
        }
        guard let id = LinkID(Random.bytes(LinkID.byteCount)) else { return }
        send(try called.answer(link: id, now: now))
        let connection = try called.confirm(receive())
        tell(Hex.encode(connection.handshakeHash))
        try echo(on: Link(connection))
    }

    private func echo(on link: consuming Link) throws {
        var link = link
        while true {
            while let message = try link.next() { send(message) }
            do throws(LinkFault) {
                switch try link.receive(receive()) {
                case .frame(let frame)?: try link.submit(frame)
                case .ended(let reason)?: return tell(reason)
                case nil: continue
                }
            } catch {
                return tell(error.code)
            }
        }
    }

    // MARK: Pairing

    private func enter() throws {
        var entered = try Pairing(.entered, room: room())
        send(try entered.begin())
        var channel = try entered.finish(receive())
        send(try channel.begin())
        try echo(on: channel)
    }

    private func show() throws {
        var shown = try Pairing(.shown, room: room())
        do throws(PairingFault) {
            send(try shown.answer(receive()))
            let channel = try shown.confirm(receive())
            try echo(on: channel)
        } catch {
            tell(error.rawValue)
        }
    }

    private func echo(on channel: consuming PairingChannel) throws(PairingFault) {
        var channel = channel
        tell(channel.safetyNumber.description)
        while true {
            let message = try channel.open(receive())
            send(try channel.seal(message))
        }
    }

    private func room() throws -> PairingRoom {
        try PairingRoom(token: SecretBytes(copying: Hex.decode(text("token"))))
    }

    // MARK: Lines

    private func credentials() throws -> (link: LinkCredentials, mesh: MeshID) {
        let chain = try chain("chain")
        let mesh = chain.certificate.mesh
        let key = try X25519.PrivateKey(SecretBytes(copying: Hex.decode(text("static"))))
        let link = LinkCredentials(chain: chain, key: key, revocations: RevocationLedger(mesh: mesh)) { _ in nil }
        return (link, mesh)
    }

    private func chain(_ name: String) throws -> Chain { try Chain(json: member(name)) }

    private func now() throws -> Int64 {
        guard case .integer(let now) = member("now") else { throw BrokenPromise("now is missing") }
        return now
    }

    private func text(_ name: String) -> String {
        guard case .string(let text) = member(name) else { return "" }
        return text
    }

    private func member(_ name: String) -> JSON {
        guard case .object(let members) = settings else { return .null }
        return members[name] ?? .null
    }

    private func send(_ message: [UInt8]) { write(Hex.encode(message)) }

    private func tell(_ text: String) { write("=\(text)") }

    private func write(_ line: String) { FileHandle.standardOutput.write(Data("\(line)\n".utf8)) }

    /// The next message; where there is none any more the process is done.
    private func receive() -> [UInt8] {
        guard let line = readLine(), let message = try? Hex.decode(line) else { exit(0) }
        return message
    }
}
