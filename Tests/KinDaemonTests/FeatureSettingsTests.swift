import Foundation
import KinDaemon
import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinTestServer
import KinTesting
import KinWire
import Testing

/// `[features]` of `config.toml`, as it is read and as it decides.
@Suite struct FeatureSettingsTests {
    private func read(_ text: String) throws -> DaemonSettings {
        let folder = try TemporaryFolder()
        let state = StateFolder(root: folder.path)
        try Data(text.utf8).write(to: URL(fileURLWithPath: state.configPath))
        let settings = try DaemonSettings(reading: state)
        try settings.write(to: state)
        #expect(try DaemonSettings(reading: state) == settings)
        return settings
    }

    // MARK: Reading

    @Test(
        "what is set adds to what every daemon asks for, each once",
        arguments: [
            ("", [], []), ("[features]\n", [], []), ("[features]\nrequire = []\noptional = []\n", [], []),
            ("[features]\nrequire = ['member_keypair_rotated_event']\n", ["member_keypair_rotated_event"], []),
            (
                "[features]\noptional = ['member_keypair_rotated_event', 'member_keypair_rotated_event']\n", [],
                ["member_keypair_rotated_event"]
            ),
            (
                "[features]\nrequire = ['member_keypair_rotated_event']\noptional = ['member_keypair_rotated_event']\n",
                ["member_keypair_rotated_event"], []
            ),
            ("[features]\nrequire = ['client_message_id_dedupe']\n", [], []),
            (
                "[features]\nrequire = [\n'key_epoch',\n'member_keypair_rotated_event']\n",
                ["key_epoch", "member_keypair_rotated_event"], []
            ),
        ] as [(String, [String], [String])])
    func adds(_ text: String, _ required: [String], _ asked: [String]) throws {
        let features = try read(text).features
        #expect(
            features.required.map(\.rawValue) == ["client_message_id_dedupe", "concurrent_connection_policy"] + required
        )
        let usual = ["max_payload", "key_epoch"].filter { !required.contains($0) }
        #expect(features.asked.map(\.rawValue) == usual + asked)
    }

    @Test("what is required is not asked for as optional too")
    func once() throws {
        let features = try read("[features]\nrequire = ['max_payload']\n").features
        #expect(features.required.last == .maxPayload && features.asked == [.keyEpoch])
    }

    @Test(
        "what is no feature is refused with its line and the nearest that is one",
        arguments: [
            ("[features]\nrequire = ['key_epohc']\n", "line 2: key_epohc is no feature; the nearest is key_epoch"),
            (
                "[features]\nrequire = [\n  'key_epoch',\n  \"max_paylod\",\n]\n",
                "line 4: max_paylod is no feature; the nearest is max_payload"
            ),
            ("[features]\noptional = ['mcp_host']\n", "line 2: mcp_host is no feature; the nearest is "),
            ("[features]\n\nrequired = []\n", "line 3: required is no setting of [features]; the nearest is require"),
            ("[features]\nrequire = 'key_epoch'\n", "line 2: require is a list of features in quotes"),
            ("[features]\noptional = [1]\n", "line 2: optional is a list of features in quotes"),
            ("features = ['key_epoch']\n", "line 1: features is a table"),
        ])
    func wrong(_ text: String, _ told: String) {
        let error = #expect(throws: KinError.self) { try read(text) }
        #expect(error?.code == "config_invalid" && error?.category == .usage)
        #expect(error?.message.contains(told) == true, "\(error?.message ?? "")")
    }

    // MARK: Deciding

    private func configure(_ text: String, _ house: House) async throws -> StateFolder {
        let state = try await house.home("laptop")
        try Data(text.utf8).write(to: URL(fileURLWithPath: state.configPath))
        return state
    }

    @Test("a required feature that the broker lacks ends the daemon, names the line, and listeners are told")
    func lacking() async throws {
        let (seen, release) = (Observed([DaemonEvent]()), Observed(false))
        let hands: HostileBroker.Hands = { frame, _ in
            // The answer waits until somebody listens.
            if case .featureResponse = frame.message, !release.value { return [] }
            return [frame.bytes]
        }
        try await HostileBroker.run(hands) { broker, _ in
            try await House.run { house in
                let state = try await configure(
                    "# mine\n[features]\nrequire = ['member_keypair_rotated_event']\n", house)
                let laptop = try await house.start("laptop", servers: [broker.url])
                let events = try await laptop.client.events()
                let listener = Task { for try await event in events { seen.update { $0.append(event) } } }
                release.update { $0 = true }
                broker.loseDaemons()
                let error = try await laptop.service.end().error as? KinError
                #expect(error?.code == "feature_unavailable" && error?.category == .refused)
                let text = String(decoding: try StateFolder.read(state.configPath) ?? [], as: UTF8.self)
                let line = try #require(text.split(separator: "\n").firstIndex { $0.hasPrefix("require") }) + 1
                #expect(
                    error?.message.contains(
                        "\(state.configPath) line \(line): [features] requires member_keypair_rotated_event") == true)
                // To its very end: it was not cut off.
                try await listener.value
                let failure = seen.value.first { $0.kind == .featureNegotiationFailed }
                guard case .object(let data)? = failure?.data else { throw MissingValue("the event") }
                #expect(
                    data["feature"] == .string("member_keypair_rotated_event")
                        && data["kind"] == .string("feature_unavailable"))
            }
        }
    }

    @Test("what every daemon requires is no line's fault")
    func own() async throws {
        var response = FeatureResponse.sound
        response.supported["client_message_id_dedupe"] = nil
        let offered = response
        try await House.run { house in
            try await FakeBroker.run(.offers(offered)) { broker in
                _ = try await configure("[features]\nrequire = ['client_message_id_dedupe']\n", house)
                let laptop = try await house.start("laptop", servers: [broker.url])
                let error = try await laptop.service.end().error as? KinError
                #expect(error?.code == "feature_unavailable")
                #expect(error?.message.contains("config.toml") == false)
            }
        }
    }

    @Test(
        "what is required is asked for so, what is optional besides, and a broker that lacks the latter is good enough")
    func asking() async throws {
        let asked = Observed([FeatureRequest]())
        let hands: HostileBroker.Hands = { frame, _ in
            if case .featureRequest(let request) = frame.message { asked.update { $0.append(request) } }
            return [frame.bytes]
        }
        try await HostileBroker.run(hands) { broker, _ in
            try await House.run { house in
                _ = try await configure(
                    "[features]\nrequire = ['max_payload']\noptional = ['member_keypair_rotated_event']\n", house)
                let laptop = try await house.start("laptop", servers: [broker.url])
                try await laptop.isConnected()
                let request = try #require(asked.value.first)
                #expect(
                    request.require == ["client_message_id_dedupe", "concurrent_connection_policy", "max_payload"])
                #expect(request.optional == ["key_epoch", "member_keypair_rotated_event"])
            }
        }
    }
}
