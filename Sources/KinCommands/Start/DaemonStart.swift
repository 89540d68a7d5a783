import KinDaemon
import KinDaemonAPI
import KinIdentity
import KinLog
import KinWire
import Logging

/// A daemon of this process, from its options to the word that it is up.
struct DaemonStart {
    let context: CommandContext
    let output: Output
    let level: Logger.Level
    let surroundings: Surroundings
    /// Where the local API is told to answer.
    let listen: LocalListen?

    /// What every daemon of this process is told.
    func options(_ state: StateFolder) -> DaemonOptions {
        var options = DaemonOptions(
            state: state, trustRoots: context.environment["SSL_CERT_FILE"], executable: context.executable,
            host: context.host)
        options.listen = listen
        options.listenUnlessSaid = surroundings.listen
        return options
    }

    /// Opens it; nothing is dialled yet. It says that it is up once the broker has answered, or is not reached.
    /// - Parameter remark: what its log should know of the surroundings.
    func open(_ options: DaemonOptions, remark: StartRemark? = nil) throws -> (daemon: KinDaemon, logger: Logger) {
        let sink = try Self.logFile(options.state)
        let (level, now) = (level, context.now)
        let logger = Logger(label: "daemon") { _ in JSONLogHandler(sink: sink, level: level, now: now) }
        Self.log(remark, logger)
        let (output, namesMesh) = (output, context.environment["KINDRED_MESH"]?.isEmpty == false)
        let daemon = try KinDaemon(options, logger: logger) { version, socket in
            let announcement = Announcement(
                version: version, state: options.state, socket: socket, isEphemeral: options.ephemeral != nil)
            let client = DaemonClient(socketPath: socket)
            Task {
                guard let broker = await FirstAnswer(health: client.health).wait() else { return }
                announcement.make(output, unsetting: namesMesh)
                // Whoever reads JSON asks for it.
                if !broker.connected, output.form == .text { output.note(FirstAnswer.note(broker), .bad) }
            }
        }
        if daemon.isOnTCP, let sign = surroundings.sign {
            let remark = StartRemark.onTCP(sign)
            Self.log(remark, logger)
            output.note(remark.text, .bad)
        }
        if daemon.isOnAnotherHost {
            output.note(
                "this home was made on another machine: kin daemon accept-host  if it moved,  kin daemon remint  if it is a copy",
                .bad)
        }
        return (daemon, logger)
    }

    private static func log(_ remark: StartRemark?, _ logger: Logger) {
        switch remark {
        case .keptInCI(let sign):
            logger.warning("persistent_keypair_in_ci_environment", metadata: ["sign": .string(sign)])
        case .ephemeralInCI(let sign): logger.info("ci_environment", metadata: ["sign": .string(sign)])
        case .inContainer(let sign): logger.info("container_environment", metadata: ["sign": .string(sign)])
        case .onTCP(let sign): logger.warning("local_api_on_tcp", metadata: ["sign": .string(sign)])
        case nil: break
        }
    }

    private static func logFile(_ state: StateFolder) throws -> RotatingFileSink {
        let path = DaemonPaths.log(in: state)
        do {
            return try RotatingFileSink(path: path)
        } catch {
            throw KinError("home_not_writable", "\(path) cannot be written: make it yours, or set KINDRED_HOME")
        }
    }
}
