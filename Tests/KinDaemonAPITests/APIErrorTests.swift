import KinDaemonAPI
import KinEncoding
import KinWire
import Testing

@Suite struct APIErrorTests {
    @Test(
        "each kind of error has its status, and comes back as the same kind",
        arguments: [
            (KinError.Category.usage, 400), (.refused, 403), (.notFound, 404), (.conflict, 409), (.tooLarge, 413),
            (.failed, 500), (.unreachable, 503), (.exhausted, 507),
        ])
    func categories(_ category: KinError.Category, _ status: Int) {
        let error = KinError(
            "a_code", "what to do", category: category, retryable: true, detail: ["limit": .integer(5)])
        #expect(APIError.status(of: category) == status)
        #expect(APIError.read(APIError.json(error).canonicalBytes(), status: status) == error)
    }

    @Test("the form is the documented one")
    func form() {
        let error = KinError("a_code", "what to do", category: .usage)
        #expect(
            String(decoding: APIError.json(error).canonicalBytes(), as: UTF8.self)
                == #"{"error":{"code":"a_code","detail":{},"message":"what to do","retryable":false}}"#)
    }

    @Test(
        "statuses of others have a kind too",
        arguments: [
            (401, KinError.Category.refused), (405, .usage), (415, .usage), (429, .busy), (502, .failed),
            (418, .failed),
        ])
    func foreignStatuses(_ status: Int, _ category: KinError.Category) {
        let body = #"{"error":{"code":"c","message":"m"}}"#
        #expect(APIError.read(Array(body.utf8), status: status).category == category)
    }

    @Test(
        "an answer without a reason is told as such, with its status",
        arguments: [
            "", "no JSON", "{}", #"{"error":"text"}"#, #"{"error":{"code":"c"}}"#,
            #"{"error":{"message":"m","code":1}}"#,
        ])
    func withoutReason(_ body: String) {
        let error = APIError.read(Array(body.utf8), status: 500)
        #expect(error.code == "daemon_answer" && error.message.contains("500"))
    }
}
