import Testing

@Suite struct ImportTests {
    @Test("no file imports what its target must never import")
    func imports() throws {
        let imports = try Repository.everySource().flatMap(\.imports)
        #expect(imports.count > 300)
        #expect(Rule.all.flatMap { $0.broken(by: imports) } == [])
    }

    @Test("no target reaches what it must never import, by any way through others")
    func reach() throws {
        let graph = try PackageGraph.described()
        #expect(graph.reach(of: "kin").keys.contains("KinEncoding"))
        #expect(Rule.all.flatMap { $0.broken(in: graph) } == [])
    }

    @Test("the table of rules and the table in docs/architecture.md name the same targets")
    func sameTable() throws {
        let documented = try ArchitectureTable.read()
        let free = ["–", "logic that a library user would want"]
        let ruled = Set(Rule.all.map(\.target))
        for row in documented where !free.contains(row.forbidden) {
            #expect(
                ruled.contains(row.target),
                "docs/architecture.md forbids \(row.target) something, and Rule.all does not")
        }
        for target in ruled {
            #expect(
                documented.contains { $0.target == target },
                "Rule.all names \(target), and docs/architecture.md does not")
        }
    }

    @Test("an import is found however it is written")
    func scanner() {
        let text = """
            import Alone
            public import Shown
            @preconcurrency import Old
            @testable internal import Both
            @_spi(Inner) import Spied
            import struct Foundation.Data
            #if canImport(Indented)
                import Indented
            #endif
            // import Commented
            let text = "import Quoted"
            """
        let found = SourceFile(path: "Sources/KinX/X.swift", target: "KinX", text: text).imports
        #expect(found.map(\.module) == ["Alone", "Shown", "Old", "Both", "Spied", "Foundation", "Indented"])
        #expect(found.last?.place == "Sources/KinX/X.swift:8")
    }

    @Test("a broken rule names the file, the line and the reason")
    func brokenByImport() {
        let rule = Rule("KinX", never: ["NIO*", "Exact"], because: "of a test")
        let imports = ["NIOCore", "Exactly", "Exact", "KinNIO"].enumerated().map { index, module in
            Import(target: "KinX", module: module, place: "Sources/KinX/X.swift:\(index + 1)")
        }
        #expect(
            rule.broken(by: imports + [Import(target: "KinY", module: "Exact", place: "Sources/KinY/Y.swift:1")]) == [
                "Sources/KinX/X.swift:1: KinX must never import NIOCore: of a test",
                "Sources/KinX/X.swift:3: KinX must never import Exact: of a test",
            ])
    }

    @Test("a rule broken through another target names the way")
    func brokenByReach() {
        let graph = PackageGraph(targets: [
            .init(name: "KinX", type: "library", path: "Sources/KinX", targetDependencies: ["KinY"]),
            .init(
                name: "KinY", type: "library", path: "Sources/KinY", targetDependencies: ["KinX"],
                productDependencies: ["GRDB"]),
        ])
        let rule = Rule("KinX", never: ["GRDB"], because: "of a test")
        #expect(rule.broken(in: graph) == ["KinX → KinY → GRDB: KinX must never reach GRDB: of a test"])
        #expect(Rule("KinX", never: ["GRDB"], .imports, because: "of a test").broken(in: graph) == [])
    }
}
