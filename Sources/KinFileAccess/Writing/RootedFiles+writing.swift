public import KinWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension RootedFiles {
    /// Where a file to be written begins.
    public enum WriteStart: Hashable, Sendable {
        /// Where a part of the same file ends that was left, else at 0. Whoever wrote that part before can do so no more. Files up to `maxPiece` begin at 0.
        case anywhere
        /// Where this part ends, by its token, which stays good.
        case part(String)
        /// At 0, in this part.
        case beginning(String)
    }

    /// Begins to write a file, or goes on.
    ///
    /// That a part that was left begins as the file does is known only where `WriteIntent.sha256` was given or `digest(ofPart:)` says so.
    /// - Throws: `file_exists`, `is_a_folder`, `is_a_link`, `not_a_file`, `folder_missing`, `storage_full`, `read_only`, `path_reserved`, `size_invalid`, `digest_invalid`;
    ///   `part_void` for a token that is good no more; `file_busy`.
    public func begin(_ intent: WriteIntent, from start: WriteStart = .anywhere) async throws(KinError) -> WritePart {
        try intent.check()
        let part = try await work.run { [self] interest throws(KinError) in
            let (place, name) = try writePlace(intent.path)
            try place.writable(intent)
            let part: PartFile
            switch start {
            case .part(let token):
                part = try PartFile(opening: partName(token, intent, name, place), at: place, .shared)
            case .beginning(let token):
                part = try PartFile(opening: partName(token, intent, name, place), at: place, .alone)
                try part.truncate()
            case .anywhere:
                let key = intent.key(of: name)
                if let left = try left(intent, key: key, place, interest) {
                    part = left
                } else {
                    part = try PartFile(making: PartName(key: key), at: place)
                }
            }
            if part.size > intent.size { try part.truncate() }
            let offset = part.size
            do throws(KinError) {
                try Self.checkRoom(for: intent.size - offset, part)
            } catch {
                if offset == 0 { part.remove() }
                throw error
            }
            ledger.note(folderOf: intent.path)
            return WritePart(token: part.name.token, offset: offset)
        }
        await order.begin(part.token, at: part.offset)
        return part
    }

    /// Writes bytes of a part. Those before them must be there, or under way: then it waits for them, for a moment.
    /// - Parameter bytes: 1 to `maxPiece`.
    /// - Returns: how many bytes the part has.
    /// - Throws: `part_void`, `chunk_early` where what comes before is missing, `storage_full`, `range_invalid`.
    @discardableResult
    public func write(
        _ bytes: [UInt8], at offset: Int64, to token: String, of path: String
    ) async throws(KinError) -> Int64 {
        guard (1...Self.maxPiece).contains(bytes.count), offset >= 0,
            offset <= Int64.max - 2 * Int64(Self.maxPiece)
        else {
            throw KinError(
                "range_invalid", "a write is of 1 to \(Self.maxPiece) bytes at an offset of 0 or more", category: .usage
            )
        }
        // Once more after the wait, whatever it ended by.
        for _ in 0..<2 {
            let end = try await work.run { [self] _ throws(KinError) in
                let (place, _) = try writePlace(path)
                let part = try PartFile(opening: try Self.name(token, place), at: place, .shared)
                guard offset <= part.size else { return nil as Int64? }
                try part.write(bytes, at: offset)
                return part.size
            }
            if let end {
                await order.reached(token, offset + Int64(bytes.count))
                return end
            }
            try await order.wait(for: offset, of: token)
        }
        throw ChunkOrder.early
    }

    /// The SHA-256 of a part's first bytes.
    /// - Throws: `part_void`, `file_changed` where there are fewer.
    public func digest(
        ofPart token: String, of path: String, first: Int64, progress: @escaping @Sendable (Int64) -> Void = { _ in }
    ) async throws(KinError) -> FileDigest {
        try await work.run { [self] interest throws(KinError) in
            let (place, _) = try writePlace(path)
            let part = try PartFile(opening: try Self.name(token, place), at: place, .shared)
            return try part.reading.digest(first: first, interest, progress)
        }
    }

    /// Checks size and SHA-256 of a whole part and gives it its name, on disk when this returns.
    /// - Parameters:
    ///   - intent: as it was begun; of its SHA-256, what is known by now.
    ///   - sha256: 32 bytes; nil: as in `intent`, and where there is none the size alone is checked.
    ///   - progress: hears now and then how many bytes are checked.
    /// - Throws: `write_incomplete` where bytes are missing, `digest_mismatch` (the part is gone then), and what `begin` throws.
    public func finish(
        _ intent: WriteIntent, token: String, sha256: [UInt8]? = nil,
        progress: @escaping @Sendable (Int64) -> Void = { _ in }
    ) async throws(KinError) -> FileFacts {
        try intent.check()
        let facts = try await work.run { [self] interest throws(KinError) in
            let (place, name) = try writePlace(intent.path)
            let part = try PartFile(opening: try Self.name(token, place), at: place, .alone)
            guard part.name.isPart(of: name) else { throw PartFile.void(place) }
            guard part.size == intent.size else {
                throw KinError(
                    "write_incomplete",
                    "\(intent.path): \(part.size) of \(intent.size) bytes are there: write the rest",
                    category: .conflict)
            }
            if let expected = sha256 ?? intent.sha256 {
                guard try part.reading.digest(first: intent.size, interest, progress).sha256 == expected else {
                    part.remove()
                    throw KinError(
                        "digest_mismatch", "\(intent.path): what came is not what was sent: send it again",
                        category: .conflict)
                }
            }
            return try part.become(name, intent)
        }
        await order.end(token)
        return facts
    }

    /// Takes a part away that nobody will finish. Nothing happens where there is none.
    public func discard(token: String, of path: String) async throws(KinError) {
        try await work.run { [self] _ throws(KinError) in
            let (place, _) = try writePlace(path)
            let name = try Self.name(token, place)
            let part: PartFile
            do throws(KinError) {
                part = try PartFile(opening: name, at: place, .alone)
            } catch {
                if error.code == "part_void" { return }
                throw error
            }
            part.remove()
        }
        await order.end(token)
    }
}

extension RootedFiles {
    private func writePlace(_ path: String) throws(KinError) -> (Place, PathName) {
        do throws(KinError) {
            let place = try place(path, followingLast: false)
            guard let name = place.name else { throw FileFault.isAFolder(place.path) }
            return (place, name)
        } catch {
            throw FileFault.inMissingFolder(error, path)
        }
    }

    private static func name(_ token: String, _ place: Place) throws(KinError) -> PartName {
        guard let name = PartName(token: token) else { throw PartFile.void(place) }
        return name
    }

    /// A token holds which file it is of.
    private func partName(
        _ token: String, _ intent: WriteIntent, _ name: PathName, _ place: Place
    ) throws(KinError) -> PartName {
        let part = try Self.name(token, place)
        guard part.key == intent.key(of: name) else { throw PartFile.void(place) }
        return part
    }

    /// Takes over the longest part of the same file that was left.
    private func left(
        _ intent: WriteIntent, key: String, _ place: Place, _ interest: DiskWork.Interest
    ) throws(KinError) -> PartFile? {
        // Looking for one goes through the folder: not worth it for a file that goes in one piece.
        guard intent.size > Int64(Self.maxPiece) else { return nil }
        var names: [PartName] = []
        let number = openat(place.folder.number, PathName.itself.characters, FolderFlags.reading)
        // A folder that may be written and not read: begin anew.
        guard number >= 0 else { return nil }
        try FolderListing(folder: Descriptor(taking: number), path: place.path, interest: interest).eachName { name in
            if let part = PartName(name.bytes), part.key == key, names.count < 16 { names.append(part) }
        }
        let parts = names.compactMap { name in try? PartFile(opening: name, at: place, .alone) }
        guard let longest = parts.max(by: { $0.size < $1.size }) else { return nil }
        return try longest.renamed()
    }

    /// Makes sure that what is still to come fits.
    private static func checkRoom(for bytes: Int64, _ part: PartFile) throws(KinError) {
        var facts = statvfs()
        guard fstatvfs(part.descriptor.number, &facts) == 0 else { return }
        let available = Int64(
            clamping: UInt64(facts.f_bavail).multipliedReportingOverflow(by: UInt64(facts.f_frsize)).partialValue)
        guard bytes > available else { return }
        throw FileFault.full(part.place.path, needed: bytes, available: available)
    }
}
