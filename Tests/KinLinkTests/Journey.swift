import KinTesting

@testable import KinLink

/// A link over a carrier that is cut: what one side sends is under way until chance hands it over, and a cut loses what is under way.
struct Journey: ~Copyable {
    static let frames = 24

    private let devices: TwoDevices
    private var pair: LinkPair
    /// To the called side, and to the caller.
    private var underWay: (called: [[UInt8]], caller: [[UInt8]]) = ([], [])
    private var left: (caller: [[UInt8]], called: [[UInt8]])
    let sent: (caller: [[UInt8]], called: [[UInt8]])
    private(set) var came: (called: [[UInt8]], caller: [[UInt8]]) = ([], [])

    init(devices: TwoDevices, generator: inout SeededGenerator) throws {
        self.devices = devices
        pair = try devices.links()
        sent = (Self.frames(&generator), Self.frames(&generator))
        left = sent
    }

    /// After a cut.
    private init(
        _ devices: TwoDevices, _ pair: consuming LinkPair, sent: (caller: [[UInt8]], called: [[UInt8]]),
        left: (caller: [[UInt8]], called: [[UInt8]]), came: (called: [[UInt8]], caller: [[UInt8]])
    ) {
        self.devices = devices
        self.pair = pair
        self.sent = sent
        self.left = left
        self.came = came
    }

    /// Mostly short, some over several messages, one longer than the window.
    private static func frames(_ generator: inout SeededGenerator) -> [[UInt8]] {
        (0..<frames).map { number in
            let size = number == 7 ? 1_200_000 : generator.number(in: 0..<(generator.oneIn(3) ? 200_000 : 40))
            return [UInt8](repeating: UInt8(truncatingIfNeeded: generator.next()), count: size)
        }
    }

    var isOver: Bool { came.called.count == sent.caller.count && came.caller.count == sent.called.count }

    mutating func step(_ generator: inout SeededGenerator) throws {
        switch generator.number(in: 0..<6) {
        case 0: if pair.caller.isReady, !left.caller.isEmpty { try pair.caller.submit(left.caller.removeFirst()) }
        case 1: if pair.called.isReady, !left.called.isEmpty { try pair.called.submit(left.called.removeFirst()) }
        case 2: if let message = try pair.caller.next() { underWay.called.append(message) }
        case 3: if let message = try pair.called.next() { underWay.caller.append(message) }
        case 4:
            guard !underWay.called.isEmpty else { return }
            let event = try pair.called.receive(underWay.called.removeFirst())
            if case .frame(let frame)? = event { came.called.append(frame) }
        default:
            guard !underWay.caller.isEmpty else { return }
            let event = try pair.caller.receive(underWay.caller.removeFirst())
            if case .frame(let frame)? = event { came.caller.append(frame) }
        }
    }

    /// The carrier ends with what is under way, and the two meet again.
    consuming func cut() throws -> Journey {
        let (devices, sent, left, came) = (devices, sent, left, came)
        let mine = try pair.caller.cut(at: TwoDevices.now).orThrow("a link")
        let theirs = try pair.called.cut(at: TwoDevices.now).orThrow("a link")
        return Journey(devices, try devices.continued(mine, theirs), sent: sent, left: left, came: came)
    }
}
