import KinCalls
import KinDaemonAPI
import KinEncoding
import KinTestServer
import KinTesting
import KinWire
import Testing

@testable import KinDaemon

/// What devices call on each other, through the relay of a real server.
@Suite(.serialized) struct LinkCallTests {
    @Test("a device is asked by its name, and answers for itself; one's own is asked without a link")
    func info() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let calls = try await daemons[0].client.calls(now: realNow)
            defer { calls.close() }
            for (path, name) in [
                ("/studio/device/info", "studio"), ("/device/info", "laptop"), ("/head/device/info", "laptop"),
                ("/laptop/device/info", "laptop"),
            ] {
                let answer = try await calls.stream.call(OperationPath(path).orThrow("a path"))
                guard case .object(let info) = answer else { throw MissingValue("an object") }
                #expect(info["name"] == .string(name))
            }
        }
    }

    @Test("why a device is not reached is said within seconds", arguments: ["kiosk", "studio"])
    func unreachable(name: String) async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            try await daemons[1].stop()
            let calls = try await daemons[0].client.calls(now: realNow)
            defer { calls.close() }
            let path = try OperationPath("/\(name)/device/info").orThrow("a path")
            let fault = try await #require(throws: CallFault.self) { try await calls.stream.call(path) }
            #expect(fault.code == (name == "kiosk" ? "unknown_recipient" : "device_offline"))
            #expect(KinError(fault).category == (name == "kiosk" ? .notFound : .unreachable))
        }
    }

    @Test("after the server's restart the next call finds its way")
    func serverRestarts() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let calls = try await daemons[0].client.calls(now: realNow)
            defer { calls.close() }
            let path = try OperationPath("/studio/device/info").orThrow("a path")
            _ = try await calls.stream.call(path)
            try await house.server.stop()
            try await house.server.start()
            // The link goes on: the call waits for it.
            _ = try await calls.stream.call(path)
        }
    }

    @Test("a revoked device calls nothing any more, and its links end at once")
    func revoked() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let calls = try await daemons[1].client.calls(now: realNow)
            defer { calls.close() }
            let path = try OperationPath("/laptop/device/info").orThrow("a path")
            _ = try await calls.stream.call(path)
            try await house.revoke("studio", by: daemons[0])
            let fault = try await eventually("no call gets through") {
                do {
                    _ = try await calls.stream.call(path, within: .seconds(5))
                    return nil as CallFault?
                } catch { return error as? CallFault }
            }
            #expect(KinError(fault).category != .failed)
        }
    }
}
