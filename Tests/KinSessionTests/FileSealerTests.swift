import KinCrypto
import KinEncoding
import KinTesting
import KinWire
import Testing

@testable import KinSession

/// Chunks of sealed files: those of `Vectors/kindred/files.json`, and what becomes of others.
@Suite struct FileSealerTests {
    @Test(
        "a chunk of the vectors is sealed to its bytes, and opens",
        arguments: try Vector.list("kindred/files.json", "sealed"))
    func vectors(vector: Vector) throws {
        let sealer = try Self.sealer(vector)
        let plaintext = try Self.plaintext(vector)
        var sealed: [UInt8] = []
        for (index, chunk) in try vector.entries("chunks").enumerated() {
            let part = plaintext[(index * 65_536)...].prefix(65_536)
            let bytes = try sealer.seal(part, chunk: Int64(index), nonce: chunk.hex("nonce"))
            #expect(Hex.encode(Digest.sha256(bytes)) == (try chunk.text("sha256")))
            #expect(try sealer.open(bytes, chunk: Int64(index)) == Array(part))
            sealed += bytes
        }
        #expect(Hex.encode(Digest.sha256(sealed)) == (try vector.text("sealed_sha256")))
        #expect(Int64(sealed.count) == sealer.form.sealedSize)
    }

    @Test("the additional data is that of the vectors", arguments: try Vector.list("kindred/files.json", "sealed"))
    func additionalData(vector: Vector) throws {
        let mesh = try MeshID(vector.text("mesh")).orThrow("mesh")
        let file = try ULID(vector.text("file")).orThrow("file")
        for (index, chunk) in try vector.entries("chunks").enumerated() {
            let isLast = index == (try vector.entries("chunks").count) - 1
            let data = SealedFileForm.additionalData(mesh: mesh, file: file, index: Int64(index), isLast: isLast)
            #expect(Hex.encode(data) == (try chunk.text("additional_data")))
        }
    }

    @Test("a chunk opens in its own place alone: of this file, in this mesh, of this size, under this key")
    func places() throws {
        let family = try TestFamily()
        let file = ULID(milliseconds: 1, randomness: [UInt8](repeating: 1, count: 10))
        let key = SecretBytes.random(count: 32)
        let size: Int64 = 2 * 65_536 + 5
        let sealer = FileSealer(key: key, mesh: family.mesh, file: file, size: size)
        let chunk = try sealer.seal([UInt8](repeating: 7, count: 65_536), chunk: 0)
        let last = try sealer.seal([1, 2, 3, 4, 5], chunk: 2)
        #expect(try sealer.open(chunk, chunk: 0).count == 65_536)
        #expect(try sealer.open(last, chunk: 2) == [1, 2, 3, 4, 5])
        let other = ULID(milliseconds: 2, randomness: [UInt8](repeating: 1, count: 10))
        let strangers = [
            FileSealer(key: .random(count: 32), mesh: family.mesh, file: file, size: size),
            FileSealer(key: key, mesh: try TestFamily().mesh, file: file, size: size),
            FileSealer(key: key, mesh: family.mesh, file: other, size: size),
            FileSealer(key: key, mesh: family.mesh, file: file, size: 65_536),
        ]
        for stranger in strangers {
            #expect(throws: FileSealer.Tampered(index: 0)) { try stranger.open(chunk, chunk: 0) }
        }
        #expect(throws: FileSealer.Tampered(index: 1)) { try sealer.open(chunk, chunk: 1) }
        for index in [-1, 3, Int64.max] {
            #expect(throws: FileSealer.Tampered(index: index)) { try sealer.open(last, chunk: index) }
        }
        #expect(throws: FileSealer.Tampered(index: 2)) { try sealer.open(Array(last.dropLast()), chunk: 2) }
        #expect(throws: FileSealer.Tampered(index: 0)) { try sealer.open([UInt8](), chunk: 0) }
    }

    private static func sealer(_ vector: Vector) throws -> FileSealer {
        FileSealer(
            key: SecretBytes(copying: try vector.hex("key")), mesh: try MeshID(vector.text("mesh")).orThrow("mesh"),
            file: try ULID(vector.text("file")).orThrow("file"), size: try vector.integer("size"))
    }

    /// Byte number n is n modulo 251.
    private static func plaintext(_ vector: Vector) throws -> [UInt8] {
        (0..<Int(try vector.integer("size"))).map { UInt8($0 % 251) }
    }
}
