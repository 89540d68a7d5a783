import KinFileAccess
import KinWire

/// Finds out what a copy is to do, by the rules of cp(1): into a folder that is there; folders only if asked for; several only into a folder; nothing onto itself. Links inside a folder
/// are left out, those that are named are followed.
struct CopyPlanning: Sendable {
    /// Files and folders of one copy.
    static let maxItems = 200_000

    let target: CopySource
    let isRecursive: Bool

    /// - Throws: `source_missing`, `source_is_folder`, `target_missing`, `not_a_folder`, `is_a_folder`, `same_file`, `into_itself`, `same_name`, `too_many_files`, and what the ends throw.
    func plan(_ sources: [CopySource]) async throws(KinError) -> CopyPlan {
        let onto = try await target.end.facts(of: target.path)
        try checkTarget(onto, sources)
        var plan = CopyPlan()
        var names: Set<[UInt8]> = []
        for source in sources {
            guard let facts = try await source.end.facts(of: source.path) else { throw Self.missing(source) }
            let place = place(of: source, onto)
            guard names.insert(Array(place.utf8)).inserted else {
                throw KinError(
                    "same_name", "two of them would become \(target.end.shown(place)): copy them one by one",
                    category: .conflict)
            }
            switch facts.kind {
            case .file: try await add(file: source, facts, place, onto, &plan)
            case .folder: try await add(folder: source, facts, place, onto, &plan)
            case .link, .special:
                throw KinError(
                    "not_a_file", "\(source.shown) is a pipe, socket or device: only files and folders can be copied",
                    category: .conflict)
            }
        }
        return plan
    }

    private func checkTarget(_ onto: FileFacts?, _ sources: [CopySource]) throws(KinError) {
        if sources.count > 1, onto?.kind != .folder {
            throw KinError(
                onto == nil ? "target_missing" : "not_a_folder",
                "\(target.shown) is no folder: several can only be copied into one that is there",
                category: onto == nil ? .notFound : .conflict)
        }
    }

    /// Into a folder under its own name, else onto what was named.
    private func place(of source: CopySource, _ onto: FileFacts?) -> String {
        guard onto?.kind == .folder, let name = CopyPath.name(source.path) else { return target.path }
        return CopyPath.join(target.path, name)
    }

    private func add(
        file: CopySource, _ facts: FileFacts, _ place: String, _ onto: FileFacts?, _ plan: inout CopyPlan
    ) async throws(KinError) {
        if onto == nil, CopyPath.endsAsFolder(target.path) {
            throw KinError(
                "target_missing", "the folder \(target.shown) is not there: make it first, or leave the / out",
                category: .notFound)
        }
        let there = onto?.kind == .folder ? try await target.end.facts(of: place) : onto
        if let there {
            guard there.kind != .folder else {
                throw KinError(
                    "is_a_folder", "\(target.end.shown(place)) is a folder, and \(file.shown) is a file",
                    category: .conflict)
            }
            try refuseSame(file, facts, there, place)
        }
        plan.files.append(.init(source: file, facts: facts, target: place))
    }

    private func add(
        folder: CopySource, _ facts: FileFacts, _ place: String, _ onto: FileFacts?, _ plan: inout CopyPlan
    ) async throws(KinError) {
        guard isRecursive else {
            throw KinError(
                "source_is_folder", "\(folder.shown) is a folder: -r copies it with what is in it", category: .usage)
        }
        guard onto == nil || onto?.kind == .folder else {
            throw KinError(
                "not_a_folder", "\(target.shown) is a file, and \(folder.shown) is a folder", category: .conflict)
        }
        if folder.end.device == target.end.device { try await refuseInside(folder, facts, place) }
        try await tree(folder, facts.mode, place, &plan)
    }

    private func refuseSame(
        _ source: CopySource, _ facts: FileFacts, _ there: FileFacts, _ place: String
    ) throws(KinError) {
        guard source.end.device == target.end.device, facts.identity == there.identity else { return }
        throw KinError(
            "same_file", "\(source.shown) and \(target.end.shown(place)) are the same", category: .conflict)
    }

    private func refuseInside(_ folder: CopySource, _ facts: FileFacts, _ place: String) async throws(KinError) {
        for (index, way) in CopyPath.ways(place).enumerated() {
            guard let there = try await target.end.facts(of: way), there.identity == facts.identity else { continue }
            throw index == 0
                ? KinError(
                    "same_file", "\(folder.shown) and \(target.end.shown(place)) are the same", category: .conflict)
                : KinError("into_itself", "\(folder.shown) cannot be copied into itself", category: .conflict)
        }
    }

    static func missing(_ source: CopySource) -> KinError {
        // What is not UTF-8 on a command line comes as U+FFFD, and is never found.
        let hint =
            source.path.unicodeScalars.contains("\u{fffd}")
            ? ": its name is perhaps not UTF-8, then rename it or copy its folder's parent packed" : ""
        return KinError("source_missing", "\(source.shown) is not there\(hint)", category: .notFound)
    }
}

extension CopyPlanning {
    /// A folder and everything in it.
    private func tree(
        _ folder: CopySource, _ mode: UInt32, _ place: String, _ plan: inout CopyPlan
    ) async throws(KinError) {
        var ahead = [(source: folder, mode: mode, place: place)]
        while let next = ahead.popLast() {
            // Its owner must be able to write into it.
            plan.folders.append(.init(path: next.place, mode: next.mode & 0o777 | 0o700))
            var after: String?
            var (unnameable, pages) = (0, 0)
            repeat {
                pages += 1
                let page = try await next.source.end.list(next.source.path, after: after)
                for entry in page.entries {
                    guard let inner = try add(entry, next.source, next.place, ahead.count, &plan) else { continue }
                    ahead.append(inner)
                }
                // A device that says otherwise would be asked for ever.
                if let next = page.next,
                    pages > Self.maxItems || !(after ?? "").utf8.lexicographicallyPrecedes(next.utf8)
                {
                    throw Self.endless(folder)
                }
                (after, unnameable) = (page.next, page.unnameable)
            } while after != nil
            if unnameable > 0 { plan.failed.append(Self.unnameable(unnameable, next.source)) }
        }
    }

    /// - Parameter ahead: folders that are still to be gone through.
    /// - Returns: one more of them.
    private func add(
        _ entry: FolderEntry, _ folder: CopySource, _ place: String, _ ahead: Int, _ plan: inout CopyPlan
    ) throws(KinError) -> (source: CopySource, mode: UInt32, place: String)? {
        let source = folder.entry(entry.name)
        let place = CopyPath.join(place, entry.name)
        guard plan.files.count + plan.folders.count + plan.skipped.count + ahead < Self.maxItems else {
            throw KinError(
                "too_many_files",
                "\(target.shown): more than \(Self.maxItems) files at once: pack them first, or copy folder by folder",
                category: .tooLarge)
        }
        switch entry.facts.kind {
        case .file: plan.files.append(.init(source: source, facts: entry.facts, target: place))
        case .folder: return (source, entry.facts.mode, place)
        case .link: plan.skipped.append(.init(path: source.shown, reason: "a symbolic link"))
        case .special: plan.skipped.append(.init(path: source.shown, reason: "a pipe, socket or device"))
        }
        return nil
    }

    private static func endless(_ folder: CopySource) -> KinError {
        KinError(
            "answer_invalid",
            "\(folder.shown): the device lists a folder without end: its kin is broken, or not to be trusted")
    }

    private static func unnameable(_ count: Int, _ folder: CopySource) -> CopyResult.Failure {
        let names = count == 1 ? "a name in it is" : "\(count) names in it are"
        return .init(
            path: folder.shown,
            error: KinError(
                "name_not_utf8", "\(folder.shown): \(names) not UTF-8, and left out: rename them, or pack the folder",
                category: .refused))
    }
}
