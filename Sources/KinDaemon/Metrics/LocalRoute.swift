/// The routes of the local API, by which requests are counted.
enum LocalRoute {
    static let all: [(method: String, pattern: String)] = [
        ("POST", "/v1/send"), ("POST", "/v1/send/batch"), ("GET", "/v1/inbox"), ("GET", "/v1/inbox/search"),
        ("POST", "/v1/inbox/read"), ("GET", "/v1/message/{id}"), ("GET", "/v1/outbox"), ("GET", "/v1/outbox/{id}"),
        ("POST", "/v1/outbox/{id}/requeue"), ("POST", "/v1/outbox/{id}/drop"), ("POST", "/v1/outbox/prune"),
        ("GET", "/v1/history"), ("GET", "/v1/devices"), ("GET", "/v1/peers"), ("GET", "/v1/members"),
        ("POST", "/v1/device/revoke"), ("POST", "/v1/revocations"), ("GET", "/v1/wallet/succession"),
        ("POST", "/v1/wallet/succession"), ("POST", "/v1/wallet/succession/draft"),
        ("POST", "/v1/wallet/succession/follow"), ("GET", "/v1/mesh/settings"), ("POST", "/v1/mesh/settings"),
        ("POST", "/v1/file/share"), ("POST", "/v1/file/delete"), ("GET", "/v1/file/list"), ("GET", "/v1/file/get"),
        ("POST", "/v1/vault/{operation}"), ("GET", "/v1/events"), ("GET", "/v1/health"), ("GET", "/v1/metrics"),
        ("GET", "/v1/version"),
    ]
}
