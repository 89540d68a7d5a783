import KinEncoding
import KinTesting
import KinWire
import Testing

/// `Vectors/kindred/files.json`.
@Suite struct FileFormTests {
    static let file = "kindred/files.json"

    @Test("a file's message is read as it was written, or refused", arguments: try Vector.list(file, "messages"))
    func messages(vector: Vector) throws {
        let bytes = try vector.utf8("body")
        guard try vector.bool("valid") else {
            let error = #expect(throws: WireError.self) { try SharedFile(canonical: bytes) }
            #expect(error?.code == "invalid_message")
            return
        }
        let file = try SharedFile(canonical: bytes)
        #expect(file.canonicalBytes() == bytes)
        #expect(!file.shown.canonicalBytes().elementsEqual(bytes))
        #expect(file.shown["key"] == .null)
    }

    @Test(
        "what tells of a message's content is read as it was written, or refused",
        arguments: try Vector.list(file, "enclosures"))
    func enclosures(vector: Vector) throws {
        let bytes = try vector.utf8("body")
        guard try vector.bool("valid") else {
            #expect(throws: WireError.self) { try Enclosure(canonical: bytes) }
            return
        }
        #expect(try Enclosure(canonical: bytes).canonicalBytes() == bytes)
    }

    @Test("a message's content is read as it was written, or refused", arguments: try Vector.list(file, "contents"))
    func contents(vector: Vector) throws {
        let bytes = try vector.utf8("body")
        guard try vector.bool("valid") else {
            #expect(throws: WireError.self) { try EnclosedContent(canonical: bytes) }
            return
        }
        #expect(try EnclosedContent(canonical: bytes).canonicalBytes() == bytes)
    }

    @Test("a name is taken or refused", arguments: try Vector.list(file, "names"))
    func names(vector: Vector) throws {
        #expect((FileName(try vector.text("text")) != nil) == (try vector.bool("valid")))
    }

    @Test("a file of any size is cut into the chunks of the vectors", arguments: try Vector.list(file, "sizes"))
    func sizes(vector: Vector) throws {
        let form = SealedFileForm(size: try vector.integer("size"))
        #expect(form.chunks == (try vector.integer("chunks")))
        #expect(form.sealedSize == (try vector.integer("sealed_size")))
        #expect(form.plainCount(ofChunk: form.chunks - 1) == Int(try vector.integer("last")))
        #expect(SealedFileForm.isSealedSize(form.sealedSize))
        #expect(form.isLast(form.chunks - 1) && !form.isLast(form.chunks))
        #expect(form.chunk(atSealedOffset: form.sealedSize) == form.chunks)
        #expect(form.chunk(atSealedOffset: 1) == nil)
        #expect(form.chunk(atSealedOffset: 0) == 0)
    }

    @Test("sizes that no sealed file has are known", arguments: try Vector.list(file, "sealed_sizes"))
    func sealedSizes(vector: Vector) throws {
        #expect(SealedFileForm.isSealedSize(try vector.integer("size")) == (try vector.bool("valid")))
    }

    @Test("sealed sizes are those that some plaintext has, and no others")
    func everySize() {
        let possible = Set((0...140_000).map { SealedFileForm(size: Int64($0)).sealedSize })
        for size in 0...Int64(140_000) { #expect(SealedFileForm.isSealedSize(size) == possible.contains(size)) }
    }

    @Test("no damage to a file's message traps its reader, and what is read is written alike")
    func damaged() throws {
        let forms = try Vector.list(Self.file, "messages").map { try $0.utf8("body") }
        var mutation = Mutation(seed: 8, alphabet: FrameFuzzTests.alphabet)
        for index in 0..<3_000 {
            let bytes = mutation.damage(forms[index % forms.count])
            guard let file = try? SharedFile(canonical: bytes) else { continue }
            #expect(file.canonicalBytes() == bytes)
        }
    }

    @Test("what a server is asked and answers is read as it was written")
    func blobForms() throws {
        let id = ULID(milliseconds: 1, randomness: [UInt8](repeating: 2, count: 10))
        let creation = BlobCreation(blob: id, size: 40, reader: .dm(id), isPersistent: true)
        #expect(try BlobCreation(json: creation.canonicalBytes()) == creation)
        for expiresAt in [5, nil] as [Int64?] {
            let state = BlobState(blob: id, size: 40, offset: 40, expiresAt: expiresAt)
            #expect(try BlobState(json: state.json.canonicalBytes()) == state)
        }
        let beyond = BlobState(blob: id, size: 40, offset: 41, expiresAt: nil)
        #expect(throws: WireError.self) { try BlobState(json: beyond.json.canonicalBytes()) }
    }
}
