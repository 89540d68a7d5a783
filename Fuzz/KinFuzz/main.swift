import Foundation

do {
    let options = try Options(Array(CommandLine.arguments.dropFirst()))
    let targets = try options.targets()
    if options.wantsHelp {
        print(Options.help)
    } else if options.wantsList {
        for target in targets { print(target.name) }
    } else if options.isLinkPeer {
        try LinkPeer.run()
    } else if let file = options.input {
        let isRead = try targets[0].check([UInt8](Data(contentsOf: URL(filePath: file))))
        print(isRead ? "read" : "refused")
    } else if let current = options.current {
        // A check that does not end is ended.
        alarm(UInt32(options.seconds) + 60)
        try FuzzRun(
            target: targets[0], seconds: options.seconds, seed: options.seed,
            corpus: FuzzSession.inputs(of: targets[0], in: options.corpus), current: CurrentInput(current)
        ).run()
    } else {
        let session = FuzzSession(
            corpus: options.corpus, findings: options.findings, seconds: options.seconds, seed: options.seed)
        exit(try session.run(targets) ? 0 : 1)
    }
    exit(0)
} catch {
    FileHandle.standardError.write(Data("kin-fuzz: \(error)\n".utf8))
    exit(2)
}
