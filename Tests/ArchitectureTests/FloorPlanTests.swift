import Testing

@Suite struct FloorPlanTests {
    @Test("every folder of Sources is a declared target, and every declared one of Sources has its folder")
    func declared() throws {
        let declared = try PackageGraph.described().targets.filter { $0.path.hasPrefix("Sources/") }
        for target in declared { #expect(target.path == "Sources/\(target.name)") }
        #expect(try Repository.targets() == declared.map(\.name).sorted())
    }

    @Test("every Kin target has its sentence in docs/architecture.md, and no other has")
    func documented() throws {
        let rows = try ArchitectureTable.read()
        // Module maps over C libraries hold no code of ours.
        let targets = try Repository.targets().filter { !$0.hasPrefix("C") }
        #expect(rows.map(\.target).sorted() == targets)
        for row in rows { #expect(row.holds.split(separator: " ").count >= 2, "\(row.target) has no sentence") }
    }

    @Test("the relay's files name no function that reaches a disk")
    func relayHasNoDisk() throws {
        let disk =
            /\b(FileManager|FileHandle|fopen|fwrite|creat|openat|mkdir|unlink|mmap)\b|(?:^|[^.\w])(?:open|write|rename)\(/
        let broken = try Repository.sources(of: "KinRelay").flatMap { file in
            file.lines.enumerated().filter { $1.contains(disk) }.map {
                "\(file.place($0.offset)): the relay keeps nothing on disk"
            }
        }
        #expect(broken == [])
    }
}
