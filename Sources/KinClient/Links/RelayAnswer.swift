import KinEncoding

/// What a kin server says in its error form, as far as it does.
struct RelayAnswer {
    var code: String?
    var message: String?

    init(_ body: String) {
        guard case .object(let answer)? = try? JSON.parse(Array(body.utf8)), case .object(let error)? = answer["error"]
        else { return }
        if case .string(let text)? = error["code"] { code = text }
        if case .string(let text)? = error["message"] { message = text }
    }
}
