import ArgumentParser
import KinEncoding
import KinVault
import KinWire

struct VaultPasswordCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "password",
        abstract: "Print the password of a site: the same on every machine that has the phrase, for ever.",
        discussion: """
            EXAMPLES
              kin vault password example.org
              kin vault password example.org --counter 2        the next one
              kin vault password bank.example --length 12
            """)

    @OptionGroup var options: OutputOptions
    @OptionGroup var secret: VaultSecretOptions

    @Argument(help: "The site's name, as example.org; case does not matter.")
    var site: String

    @Option(help: "Characters, from 8 to 128.")
    var length = 20

    @Option(help: "Which of the site's passwords.")
    var counter: Int64 = 1

    @Option(
        help: ArgumentHelp("What it is made of: lower,upper,digit,symbol.", valueName: "list"),
        transform: Self.classes)
    var classes = Set(SitePasswordRequest.CharacterClass.allCases)

    func run(in context: CommandContext, _ output: Output) async throws {
        guard let request = SitePasswordRequest(site: site, length: length, counter: counter, classes: classes) else {
            throw KinError(
                "password_request_invalid",
                "a site is 1 to 253 printable ASCII characters without |, the length 8 to 128, the counter 1 or more",
                category: .usage)
        }
        let access = VaultAccess(secret, context, purpose: "to derive a password")
        guard case .password(let password) = try await access.ask(.derivePassword(request)) else {
            throw KinError.answerNotUnderstood
        }
        let text = password.withBytes { String(decoding: $0, as: UTF8.self) }
        try output.answer(
            .lines([text]), json: .object(["site": .string(request.site), "password": .string(text)]))
    }

    private static func classes(_ text: String) throws -> Set<SitePasswordRequest.CharacterClass> {
        let classes = text.split(separator: ",").map { SitePasswordRequest.CharacterClass(rawValue: String($0)) }
        guard !classes.isEmpty, !classes.contains(nil) else {
            throw ValidationError("classes are some of lower,upper,digit,symbol")
        }
        return Set(classes.compactMap { $0 })
    }
}
