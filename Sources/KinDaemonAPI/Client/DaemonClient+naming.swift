extension DaemonClient {
    /// Has this device call itself otherwise, to everybody.
    public func rename(_ request: RenameRequest) async throws -> RenameAnswer {
        try RenameAnswer(json: await post("/v1/device/rename", request.json.canonicalBytes()))
    }

    /// Has a device called otherwise here.
    public func alias(_ request: AliasRequest) async throws -> DeviceNaming {
        try DeviceNaming(json: await post("/v1/device/alias", request.json.canonicalBytes()))
    }

    /// Has a device that is gone listed no more.
    public func forget(_ request: ForgetRequest) async throws -> DeviceNaming {
        try DeviceNaming(json: await post("/v1/device/forget", request.json.canonicalBytes()))
    }
}
