import KinEncoding
import KinWire

/// What this broker allows and advertises.
public struct BrokerPolicy: Sendable {
    /// Who may bring a mesh the broker has not seen.
    public enum Admission: Hashable, Sendable {
        case open
        case wallets(Set<WalletAddress>)

        func allows(_ mesh: MeshID) -> Bool {
            switch self {
            case .open: true
            case .wallets(let wallets): wallets.contains(mesh.wallet)
            }
        }
    }

    public static let defaultBlobBytes: Int64 = 524_288_000

    public var admission: Admission
    /// `scheme://host[:port]` under which daemons may have dialled this server.
    public var origins: [String]
    /// Bytes of a sealed body.
    public var inlineBytes: Int
    /// Bytes of a sealed file.
    public var blobBytes: Int64
    public var blobs: Blobs
    public var dedupeWindowHours: Int64
    /// How long the opening may take, in seconds; waiting for an older connection's sign of life does not count.
    public var openingDeadline: Int64
    /// What happens in meshes whose owners set nothing when a member connects twice.
    public var defaultPolicy: ConcurrentPolicy

    public init(
        admission: Admission, origins: [String], inlineBytes: Int = MeshFrame.defaultInlineBytes,
        blobBytes: Int64 = Self.defaultBlobBytes, blobs: Blobs = Blobs(), dedupeWindowHours: Int64 = 168,
        openingDeadline: Int64 = 10,
        defaultPolicy: ConcurrentPolicy = .preferNewest
    ) {
        self.admission = admission
        self.origins = origins
        self.inlineBytes = inlineBytes
        self.blobBytes = blobBytes
        self.blobs = blobs
        self.dedupeWindowHours = dedupeWindowHours
        self.openingDeadline = openingDeadline
        self.defaultPolicy = defaultPolicy
    }

    /// Epochs of a topic that may be read beside the current one.
    static let concurrentEpochs: Int64 = 16

    /// The largest WebSocket message a daemon may send.
    var maxFrameBytes: Int { inlineBytes + MeshFrame.maxHeaderBytes }

    /// The answer to a daemon's feature request.
    func features(for request: FeatureRequest) -> FeatureResponse {
        let offered: [Feature: [String: JSON]] = [
            .clientMessageIDDedupe: [
                "version": .integer(1), "mode": .string("retention_scoped"),
                "dedupe_window_hours": .integer(dedupeWindowHours), "request_fingerprint": .bool(true),
            ],
            .concurrentConnectionPolicy: ["version": .integer(1), "default_policy": .text(defaultPolicy)],
            .keyEpoch: ["version": .integer(1), "max_concurrent_epochs": .integer(Self.concurrentEpochs)],
            .maxPayload: [
                "version": .integer(1), "inline_bytes": .integer(Int64(inlineBytes)), "blob_bytes": .integer(blobBytes),
            ],
        ]
        var response = FeatureResponse(supported: [:], missingRequired: [])
        for name in request.require + request.optional {
            response.supported[name] = Feature(rawValue: name).flatMap { offered[$0] }
        }
        response.missingRequired = request.require.filter { response.supported[$0] == nil }
        return response
    }
}
