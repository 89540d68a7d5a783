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
                // Mostly in between of whatever is done, and now and then long enough for it to be done.
                if Int.random(in: 0..<16) == 0 { usleep(.random(in: 0..<1_000)) }
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

    @Test("a file that turns into a pipe and back is read or refused, and nobody waits for the pipe's other end")
    func pipe() async throws {
        try stage.put("inside", "file")
        #expect(mkfifo(stage.root + "/other", 0o600) == 0)
        var (read, refused) = (0, Set<String>())
        _ = try await exchanging("file", "other") {
            for _ in 0..<2000 {
                do {
                    let text = try await stage.content("file")
                    #expect(text == "inside")
                    read += 1
                } catch {
                    refused.insert((error as? KinError)?.code ?? "\(error)")
                }
                _ = await code { try await stage.files.digest(of: "file") }
                _ = await code { try await stage.files.list("file") }
                _ = await code { try await stage.write("inside", to: "file") }
            }
        }
        #expect(read > 0)
        #expect(refused.contains("not_a_file"), "the pipe was met")
        #expect(refused.isSubset(of: ["not_a_file", "file_missing"]), "\(refused)")
    }

    @Test("a closed folder that changes its name with an open one all the time is never entered")
    func closed() async throws {
        try stage.makeFolder("open")
        try stage.makeFolder("keys")
        try stage.put("inside", "open/file")
        try stage.put("key", "keys/file")
        let files = RootedFiles(roots: [stage.root], home: stage.root, closed: [stage.root + "/keys"])
        _ = try await files.facts(of: "open/file")
        var (read, refused) = (0, 0)
        _ = try await exchanging("open", "keys") {
            // At least so often, and until both were met: who runs when is the machine's affair.
            let deadline = ContinuousClock.now + .seconds(30)
            var number = 0
            while number < 3000 || (read == 0 || refused == 0) && ContinuousClock.now < deadline {
                number += 1
                do {
                    let piece = try await files.read("open/file", at: 0, count: 10)
                    #expect(String(decoding: piece.bytes, as: UTF8.self) == "inside")
                    read += 1
                } catch {
                    if (error as? KinError)?.code == "outside_roots" { refused += 1 }
                }
                if number.isMultiple(of: 50) { _ = try? await files.makeFolder("open/new\(number)") }
            }
        }
        #expect(read > 0 && refused > 0)
        let closed = try ["open", "keys"].first { try stage.text($0 + "/file") == "key" }.orThrow("the closed one")
        #expect(try stage.names(stage.root + "/" + closed) == ["file"], "nothing was made in it")
    }

    @Test(
        "a folder that becomes a link out between the calls of one write takes nothing out", arguments: [false, true])
    func betweenCalls(isLate: Bool) async throws {
        try stage.makeFolder("a")
        let intent = WriteIntent(path: "a/new", size: 3, overwrites: true)
        let part = try await stage.files.begin(intent)
        if isLate { try await stage.files.write([1, 2, 3], at: 0, to: part.token, of: "a/new") }
        rename(stage.root + "/a", stage.root + "/b")
        try stage.link("a", to: stage.outside)
        for name in try stage.names(stage.root + "/b") {
            // As if somebody had laid the part ready there.
            try FileManager.default.copyItem(atPath: stage.root + "/b/" + name, toPath: stage.outside + "/" + name)
        }
        let before = try stage.names(stage.outside)
        for code in [
            await code { try await stage.files.write([1, 2, 3], at: 0, to: part.token, of: "a/new") },
            await code { try await stage.files.digest(ofPart: part.token, of: "a/new", first: 0) },
            await code { try await stage.files.finish(intent, token: part.token) },
            await code { try await stage.files.discard(token: part.token, of: "a/new") },
            await code { try await stage.files.begin(intent, from: .part(part.token)) },
        ] { #expect(code == "outside_roots") }
        #expect(try stage.names(stage.outside) == before)
    }

    @Test(
        "a part that is exchanged for a link out, a pipe, a folder or another's file is void, and nothing is written through it",
        arguments: ["link", "pipe", "folder", "hard link", "readable"])
    func exchangedPart(kind: String) async throws {
        let intent = WriteIntent(path: "new", size: 2 << 20)
        let part = try await stage.files.begin(intent)
        let name = try stage.names(stage.root)[0]
        try FileManager.default.removeItem(atPath: stage.root + "/" + name)
        switch kind {
        case "link": try stage.link(name, to: stage.outside + "/secret")
        case "pipe": #expect(mkfifo(stage.root + "/" + name, 0o600) == 0)
        case "folder": try stage.makeFolder(name)
        case "hard link":
            chmod(stage.outside + "/secret", 0o600)
            #expect(linkat(AT_FDCWD, stage.outside + "/secret", AT_FDCWD, stage.root + "/" + name, 0) == 0)
        default: try stage.put("x", name)
        }
        let files = stage.files
        for code in [
            await code { try await files.write([9], at: 0, to: part.token, of: "new") },
            await code { try await files.finish(intent, token: part.token) },
            await code { try await files.begin(intent, from: .beginning(part.token)) },
        ] { #expect(code == (kind == "folder" ? "is_a_folder" : "part_void")) }
        // Another start does not take it over, and waits for nobody.
        #expect(try await files.begin(intent).token != part.token)
        #expect(try stage.bytes(stage.outside + "/secret") == Array("secret".utf8))
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
