import KinDaemonAPI
import KinEncoding
import KinTestServer
import KinTesting
import KinWire
import Testing

@Suite struct InboxRouteTests {
    @Test("pages follow each other oldest first, without loss or repeat, and the last has no cursor")
    func pages() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            for number in 1...23 { _ = try await daemons[0].send("\(number)", to: "studio") }
            _ = try await daemons[1].bodies(23)
            var seen: [String] = []
            var sizes: [Int] = []
            var cursor: String?
            repeat {
                let page = try await daemons[1].client.inbox(InboxParameters(cursor: cursor, limit: 10))
                seen += page.messages.map(\.body)
                sizes.append(page.messages.count)
                cursor = page.cursor
            } while cursor != nil
            #expect(seen == (1...23).map(String.init) && sizes == [10, 10, 3])
        }
    }

    @Test("the inbox is narrowed by sender and by time")
    func filters() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio", "kiosk")
            _ = try await daemons[0].send("from laptop", to: "studio")
            _ = try await daemons[1].bodies(1)
            _ = try await daemons[2].send("from kiosk", to: "studio")
            _ = try await daemons[1].bodies(2)
            let all = try await daemons[1].inbox()
            let studio = daemons[1].client
            #expect(try await studio.inbox(InboxParameters(from: "kiosk")).messages.map(\.body) == ["from kiosk"])
            let member = daemons[0].version.member.description
            #expect(try await studio.inbox(InboxParameters(from: member)).messages.map(\.body) == ["from laptop"])
            let since = InboxParameters(since: all[1].receivedAt + 1)
            #expect(try await studio.inbox(since).messages == [])
            #expect(try await studio.inbox(InboxParameters(since: all[0].receivedAt)).messages == all)
            let unknown = try await daemons[1].call(.GET, "/v1/inbox?from=nobody")
            #expect(unknown.status == 404 && unknown.code == .string("unknown_recipient"))
        }
    }

    @Test("numbers that are none are refused, and limits out of bounds are brought into them")
    func parameters() async throws {
        try await House.run { house in
            let laptop = try await house.start("laptop")
            for query in ["cursor=x", "cursor=--1", "since=-1", "since=1.5", "limit=", "limit=99999999999999999999"] {
                let answer = try await laptop.call(.GET, "/v1/inbox?\(query)")
                #expect(answer.status == 400 && answer.code == .string("invalid_request"), "\(query)")
            }
            for query in ["limit=0", "limit=1000000", "cursor=-1", "cursor=9007199254740991"] {
                let answer = try await laptop.call(.GET, "/v1/inbox?\(query)")
                #expect(answer.status == 200 && answer["messages"] == .array([]) && answer["cursor"] == .null)
            }
        }
    }

    @Test("what is not there is a 404 of the API's form")
    func notFound() async throws {
        try await House.run { house in
            let laptop = try await house.start("laptop")
            let message = try await laptop.call(.GET, "/v1/message/nobody-sent-this")
            #expect(message.status == 404 && message.code == .string("unknown_message"))
            #expect(try await laptop.call(.GET, "/v1/message/%00").status == 404)
            let route = try await laptop.call(.GET, "/v2/everything")
            #expect(route.status == 404 && route.code == .string("no_such_route"))
        }
    }

    @Test("version says which daemon answers, and what the broker agreed to")
    func version() async throws {
        try await House.run { house in
            let laptop = try await house.start("laptop")
            try await laptop.isConnected()
            let version = try await laptop.client.version()
            #expect(version.name.description == "laptop" && version.mesh.slug == "home")
            #expect(version.mesh.wallet == house.wallet.address && version.daemonVersion == KinVersion.current)
            guard case .object(let features)? = version.brokerFeatures else {
                Issue.record("the broker's features are shown")
                return
            }
            #expect(features.keys.contains("client_message_id_dedupe"))
        }
    }
}
