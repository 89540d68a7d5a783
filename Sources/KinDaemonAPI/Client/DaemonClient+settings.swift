import KinWire

extension DaemonClient {
    /// What holds for the whole mesh.
    public func meshSettings() async throws -> MeshSettingsInfo {
        try MeshSettingsInfo(json: await get("/v1/mesh/settings"))
    }

    /// Decides what happens when a member of the mesh connects twice.
    public func set(_ policy: ConcurrentPolicy) async throws -> MeshSettingsInfo {
        let request = MeshSettingsRequest(concurrentPolicy: policy)
        return try MeshSettingsInfo(json: await post("/v1/mesh/settings", request.json.canonicalBytes()))
    }
}
