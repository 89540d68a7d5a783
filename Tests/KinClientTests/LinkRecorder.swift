import KinClient
import KinTesting
import KinWire
import NIOPosix

/// Writes down what happens on links.
final class LinkRecorder: MeshLinkDelegate {
    struct Heard: Sendable {
        var features: NegotiatedFeatures?
        var frames: [ReceivedFrame] = []
        var unreadable: [WireError] = []
        var reads = 0
        var ends: [MeshEnd] = []

        var types: [String] { frames.map(\.message.type) }
    }

    let heard = Observed(Heard())

    /// Dials as `device`, and keeps what happens here.
    func open(
        _ url: String, as identity: MeshIdentity, now: @escaping @Sendable () -> Int64 = realNow
    ) async throws -> MeshLink {
        try await MeshLink.open(
            ServerAddress(url), as: identity, tls: nil, on: MultiThreadedEventLoopGroup.singleton.next(),
            delegate: self,
            now: now)
    }

    func ready() async throws -> NegotiatedFeatures {
        try await heard.wait { $0.features != nil || !$0.ends.isEmpty }.features.orThrow("a ready session")
    }

    func end() async throws -> MeshEnd { try await heard.wait { !$0.ends.isEmpty }.ends[0] }

    func meshReady(_ link: MeshLink, ready: Ready, features: NegotiatedFeatures, offered: FeatureResponse) {
        heard.update { $0.features = features }
    }

    func mesh(_ link: MeshLink, received frame: ReceivedFrame) { heard.update { $0.frames.append(frame) } }

    func mesh(_ link: MeshLink, couldNotRead error: WireError) { heard.update { $0.unreadable.append(error) } }

    func meshCompletedRead(_ link: MeshLink) { heard.update { $0.reads += 1 } }

    func mesh(_ link: MeshLink, ended end: MeshEnd) { heard.update { $0.ends.append(end) } }
}
