import Foundation
import HTTPTypes
import KinDaemonAPI
import KinEncoding
import KinTesting
import KinWire
import Testing

@testable import KinDaemon

@Suite struct RouteTableTests {
    private let table = RouteTable(DaemonRoutes.table)

    @Test("a request finds its route, HEAD that of GET, and a name wins over a parameter")
    func found() throws {
        let cases: [(HTTPRequest.Method, String, String)] = [
            (.post, "/v1/send", "/v1/send"), (.head, "/v1/health", "/v1/health"),
            (.post, "/v1/outbox/prune", "/v1/outbox/prune"),
            (.get, "/v1/outbox/m-1", "/v1/outbox/{client_message_id}"),
            (.post, "/v1/outbox/prune/drop", "/v1/outbox/{client_message_id}/drop"),
        ]
        for (method, path, pattern) in cases { #expect(try table.find(method, path).get().route.path == pattern) }
        #expect(try table.find(.get, "/v1/outbox/m%3A1").get().parameters == ["client_message_id": "m%3A1"])
    }

    @Test("a path that is none is none; a method that is none names those that are")
    func missed() {
        for path in ["/", "/v1", "/v1/send/", "//v1/send", "/v1/outbox/", "/V1/send", "/v1/message/a/b", ""] {
            #expect(throws: RouteTable.Miss.path, "\(path)") { _ = try table.find(.get, path).get() }
        }
        #expect(throws: RouteTable.Miss.method(allowed: "POST")) { _ = try table.find(.get, "/v1/send").get() }
        #expect(throws: RouteTable.Miss.method(allowed: "GET, HEAD")) { _ = try table.find(.post, "/v1/inbox").get() }
        #expect(throws: RouteTable.Miss.method(allowed: "GET, HEAD, POST")) {
            _ = try table.find(.delete, "/v1/mesh/settings").get()
        }
    }

    @Test("no route is declared twice, and each says what it takes and gives")
    func declarations() {
        let names = DaemonRoutes.table.map { "\($0.method) \($0.path)" }
        #expect(Set(names).count == names.count)
        for route in DaemonRoutes.table {
            #expect(!route.answers.isEmpty && route.summary.count > 8 && !route.summary.hasSuffix("."))
            #expect((route.method == .post) == (route.body != nil))
            let inPath = route.path.split(separator: "/").filter { $0.hasPrefix("{") }.map { $0.dropFirst().dropLast() }
            #expect(inPath.map(String.init) == route.parameters.filter { $0.place == .path }.map(\.name))
        }
    }

    @Test("docs/protocol/local-api.md lists the routes of the table, with their query parameters, and no others")
    func documented() throws {
        let page = try String(
            contentsOf: URL(fileURLWithPath: #filePath).appending(path: "../../../docs/protocol/local-api.md")
                .standardizedFileURL, encoding: .utf8)
        let listed = page.split(separator: "\n").compactMap { line in
            line.firstMatch(of: /^\| `((?:GET|POST) \/[^`]*)` \|/).map { String($0.1) }
        }
        let declared = DaemonRoutes.table.map { route in
            let query = route.parameters.filter { $0.place == .query }.map(\.name).joined(separator: "&")
            return "\(route.method.rawValue) \(route.path)" + (query.isEmpty ? "" : "?\(query)")
        }
        #expect(Set(declared).subtracting(listed) == [], "missing on the page")
        #expect(Set(listed).subtracting(declared) == [], "on the page alone")
        #expect(listed.count == Set(listed).count)
    }

    @Test("the document names each operation once, and refers to nothing that is not there")
    func document() throws {
        let document = try JSON.parse(OpenAPIDocument.bytes)
        let text = String(decoding: OpenAPIDocument.bytes, as: UTF8.self)
        guard case .object(let members) = document, case .object(let components)? = members["components"],
            case .object(let schemas)? = components["schemas"]
        else {
            Issue.record("no document")
            return
        }
        let references = Set(text.matches(of: /"\$ref":"#\/components\/schemas\/(\w+)"/).map { String($0.1) })
        #expect(references.subtracting(schemas.keys) == [] && references.count > 20)
        #expect(!schemas.values.contains(.object([:])), "one that holds itself was never written")
        let operations = text.matches(of: /"operationId":"(\w+)"/).map { String($0.1) }
        #expect(Set(operations).count == operations.count && operations.count == DaemonRoutes.table.count)
    }

    @Test("a page whose texts grow by their escapes takes fewer of them; one message alone is never too many")
    func fitting() {
        var asked: [Int] = []
        let bytes = DaemonRoutes.fitting { maxBytes in
            asked.append(maxBytes)
            return [UInt8](repeating: 0, count: 3 * maxBytes)
        }
        #expect(asked == [8 << 20, 4 << 20, 2 << 20] && bytes.count == 6 << 20)
        #expect(DaemonRoutes.fitting { _ in [UInt8](repeating: 0, count: 11 << 20) }.count == 11 << 20)
    }

    @Test("every error a category stands for is among those a route may give")
    func errors() {
        for route in DaemonRoutes.table {
            for status in route.allErrors.codes.keys { #expect((400..<600).contains(status)) }
            #expect(route.allErrors.codes[401] == ["token_missing", "token_invalid"])
            #expect((route.allErrors.codes[415] != nil) == (route.body != nil))
        }
        #expect(
            DaemonRoutes.features.contains("send") && Set(DaemonRoutes.features).count == DaemonRoutes.features.count)
    }
}
