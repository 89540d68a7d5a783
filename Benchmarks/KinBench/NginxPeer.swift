import Foundation

/// nginx with one answer to everything, out of its cache of files; as many workers as there are cores. Gone when it is let go.
final class NginxPeer {
    private static let program = "/usr/sbin/nginx"
    private let process: PeerProcess

    /// - Parameters:
    ///   - listen: `unix:PATH` or `HOST:PORT`.
    ///   - folder: made anew.
    ///   - isReady: asked until it is.
    /// - Returns: nil where nginx is not installed.
    init?(answering body: String, at listen: String, in folder: String, isReady: () -> Bool) throws {
        guard FileManager.default.isExecutableFile(atPath: Self.program) else { return nil }
        try? FileManager.default.removeItem(atPath: folder)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map { "\($0)_temp_path \(folder)/\($0);" }
        let configuration = """
            daemon off; \(geteuid() == 0 ? "user root; " : "")worker_processes \(ProcessInfo.processInfo.activeProcessorCount); pid \(folder)/pid;
            error_log /dev/null;
            events { worker_connections 256; }
            http {
              \(temporary.joined(separator: " ")) access_log off; keepalive_requests 1000000000;
              types { } default_type application/json;
              server { listen \(listen); root \(folder); open_file_cache max=4;
                location / { try_files /answer =404; } }
            }
            """
        try Data(body.utf8).write(to: URL(fileURLWithPath: folder + "/answer"))
        try Data(configuration.utf8).write(to: URL(fileURLWithPath: folder + "/conf"))
        process = try PeerProcess(Self.program, ["-e", "/dev/null", "-c", folder + "/conf"], isReady: isReady)
    }
}
