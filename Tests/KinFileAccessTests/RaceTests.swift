import Foundation
import KinCrypto
import KinFileAccess
import KinTesting
import KinWire
import Synchronization
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Somebody exchanges names in a root as fast as they can while others ask for files there.
@Suite struct RaceTests {
    private let stage: FileStage

    init() throws { stage = try FileStage() }

    /// Lets a thread exchange two names until the body is done.
    /// - Returns: how often it did.
    private func exchanging(_ one: String, _ other: String, while body: () async throws -> Void) async throws -> Int {
        let (one, other, spare) = (stage.root + "/" + one, stage.root + "/" + other, stage.root + "/spare")
        let (shared, ended) = (Shared(), Latch())
        Thread.detachNewThread {
            while !shared.isOver {
                _ = rename(one, spare)
                _ = rename(other, one)
                _ = rename(spare, other)
                shared.counted()
            }
            ended.open()
        }
        do {
            try await body()
            shared.end()
        } catch {
            shared.end()
            throw error
        }
        await Shared.wait(for: ended)
        return shared.total
    }

    @Test(
        "reading through a folder that turns into a link out and back gives what is inside or an error, never what is outside"
    )
    func reading() async throws {
        try stage.makeFolder("a/deep")
        try stage.put("inside", "a/deep/secret")
        try FileStage.makeFolder(stage.outside + "/deep")
        try FileStage.put("secret", stage.outside + "/deep/secret")
        try stage.link("b", to: stage.outside)
        var (read, refused) = (0, Set<String>())
        let exchanges = try await exchanging("a", "b") {
            for _ in 0..<3000 {
                do {
                    let text = try await stage.content("a/deep/secret")
                    #expect(text == "inside")
                    read += 1
                } catch {
                    refused.insert((error as? KinError)?.code ?? "\(error)")
                }
                if let page = try? await stage.files.list("a") { #expect(page.entries.map(\.name) == ["deep"]) }
            }
        }
        #expect(read > 0 && exchanges > 100)
        #expect(refused.isSubset(of: ["outside_roots", "file_missing", "not_a_folder", "file_busy"]), "\(refused)")
        #expect(refused.contains("outside_roots"), "the link was met")
    }

    @Test("a file that turns into a link out and back is read as it is inside or not at all")
    func lastComponent() async throws {
        try stage.put("inside", "file")
        try stage.link("other", to: stage.outside + "/secret")
        var read = 0
        _ = try await exchanging("file", "other") {
            for _ in 0..<3000 {
                guard let text = try? await stage.content("file") else { continue }
                #expect(text == "inside")
                read += 1
            }
        }
        #expect(read > 0)
    }

    @Test("writing into a folder that turns into a link out and back lands inside or fails, never outside")
    func writing() async throws {
        try stage.makeFolder("a")
        try stage.link("b", to: stage.outside)
        var written = 0
        _ = try await exchanging("a", "b") {
            for number in 0..<600 {
                if (try? await stage.write("new", to: "a/file\(number)")) != nil { written += 1 }
                _ = try? await stage.files.makeFolder("a/folder\(number)")
            }
        }
        #expect(written > 0)
        #expect(try stage.names(stage.outside) == ["secret"])
        #expect(try stage.bytes(stage.outside + "/secret") == Array("secret".utf8))
    }

    @Test("a target that turns into a link out and back is never written through")
    func target() async throws {
        try stage.put("old", "file")
        try stage.link("other", to: stage.outside + "/secret")
        _ = try await exchanging("file", "other") {
            for _ in 0..<600 { _ = try? await stage.write("new", to: "file", overwrites: true) }
        }
        #expect(try stage.bytes(stage.outside + "/secret") == Array("secret".utf8))
        #expect(try stage.names(stage.outside) == ["secret"])
    }

    @Test("a folder that is moved out while it is walked through gives no way to what lies above it there")
    func movedOut() async throws {
        try stage.makeFolder("a/b")
        try stage.put("inside", "target")
        try FileStage.put("outside", stage.outside + "/target")
        let (here, there) = (stage.root + "/a", stage.outside + "/a")
        let isOver = Shared()
        let ended = Latch()
        Thread.detachNewThread {
            while !isOver.isOver {
                _ = rename(here, there)
                _ = rename(there, here)
            }
            ended.open()
        }
        var read = 0
        for _ in 0..<3000 {
            guard let text = try? await stage.content("a/b/../../target") else { continue }
            #expect(text == "inside")
            read += 1
        }
        isOver.end()
        await Shared.wait(for: ended)
        #expect(read > 0)
    }
}

/// What the exchanging thread and the test both see.
private final class Shared: Sendable {
    private let state = Mutex((isOver: false, count: 0))

    var isOver: Bool { state.withLock { $0.isOver } }
    var total: Int { state.withLock { $0.count } }

    func counted() { state.withLock { $0.count += 1 } }
    func end() { state.withLock { $0.isOver = true } }

    static func wait(for ended: Latch) async {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                ended.wait()
                continuation.resume()
            }
        }
    }
}
