import Foundation
import KinCrypto
import KinIdentity
import KinTesting
import KinWire
import Testing

@Suite struct StateFolderTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("the folders are made with mode 0700, parents and all")
    func modes() throws {
        let state = StateFolder(root: folder.file("deep/er/home"))
        try state.prepare()
        for path in ["deep", "deep/er", "deep/er/home", "deep/er/home/daemon", "deep/er/home/daemon/home"] {
            #expect(try mode(of: folder.file(path)) == 0o700)
        }
        try state.prepare()
    }

    @Test("a folder that others can write is refused, not repaired", arguments: [0o777, 0o770, 0o702])
    func looseFolder(mode loose: Int) throws {
        let state = StateFolder(root: folder.file("home"))
        try state.prepare()
        try FileManager.default.setAttributes([.posixPermissions: loose], ofItemAtPath: state.root)
        let error = #expect(throws: KinError.self) { try state.prepare() }
        #expect(error?.code == "loose_mode")
        #expect(error?.category == .refused)
        #expect(error?.message.contains("chmod 700 \(state.root)") == true)
        #expect(try mode(of: state.root) == loose)
    }

    @Test("a secret file that others can reach is refused", arguments: [0o640, 0o604, 0o644, 0o660, 0o601])
    func looseFile(mode loose: Int) throws {
        let path = folder.file("secret")
        try StateFolder.write(SecretBytes(copying: [1, 2, 3]), to: path)
        #expect(try mode(of: path) == 0o600)
        #expect(try StateFolder.readSecret(path) == SecretBytes(copying: [1, 2, 3]))
        try FileManager.default.setAttributes([.posixPermissions: loose], ofItemAtPath: path)
        let error = #expect(throws: KinError.self) { try StateFolder.readSecret(path) }
        #expect(error?.code == "loose_mode")
        #expect(error?.message.contains("chmod 600 \(path)") == true)
    }

    @Test("a home that cannot be made says so")
    func unwritable() throws {
        try StateFolder.write([1], to: folder.file("file"), mode: 0o644)
        for root in [folder.file("file/home"), folder.file("file/deep/home"), "/proc/kindred/home"] {
            let error = #expect(throws: KinError.self) { try StateFolder(root: root).prepare() }
            #expect(error?.code == "home_not_writable")
            #expect(error?.message.isEmpty == false)
        }
    }

    @Test("a home without write permission says so", .enabled(if: getuid() != 0, "root may write everywhere"))
    func readOnly() throws {
        let state = StateFolder(root: folder.file("home"))
        try state.prepare()
        try FileManager.default.setAttributes([.posixPermissions: 0o500], ofItemAtPath: state.root)
        let error = #expect(throws: KinError.self) { try state.prepare() }
        #expect(error?.code == "home_not_writable")
    }

    @Test("KINDRED_HOME names the folder, else it is below HOME")
    func environment() throws {
        #expect(try StateFolder(environment: ["KINDRED_HOME": "/a/b", "HOME": "/c"]).root == "/a/b")
        #expect(try StateFolder(environment: ["KINDRED_HOME": "", "HOME": "/c"]).root == "/c/.kindred")
        #expect(try StateFolder(environment: ["HOME": "/c"]).root == "/c/.kindred")
        let here = FileManager.default.currentDirectoryPath
        #expect(try StateFolder(environment: ["KINDRED_HOME": "x/../y"]).root == URL(filePath: here + "/y").path)
        let error = #expect(throws: KinError.self) { try StateFolder(environment: [:]) }
        #expect(error?.code == "home_unknown")
    }
}

/// The permission bits of a file or folder.
func mode(of path: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    return try (attributes[.posixPermissions] as? NSNumber).orThrow("mode of \(path)").intValue
}
