import Foundation

/// What the system knows of this process, under the names that Prometheus clients use.
public struct ProcessFigures: Sendable {
    private let startedAt: Double

    /// - Parameter startedAt: seconds since 1970.
    public init(startedAt: Double = Date().timeIntervalSince1970) { self.startedAt = startedAt }

    public func families() -> [MetricFamily] {
        [
            .gauge("process_start_time_seconds", "When the process started, seconds since 1970.", startedAt),
            MetricFamily(
                "process_cpu_seconds_total", "Processor time used, seconds.", .counter, [.init(value: Self.cpuSeconds)]),
            .gauge("process_resident_memory_bytes", "Resident memory, where the system tells it.", Self.residentBytes),
            .gauge("process_open_fds", "Open file descriptors, where the system tells them.", Self.openFiles),
        ]
    }

    private static var cpuSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// The second figure of `/proc/self/statm`, in pages.
    private static var residentBytes: Int? {
        guard let statm = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return nil }
        let figures = statm.split(separator: " ").compactMap { Int($0) }
        return figures.count > 1 ? figures[1] * Int(sysconf(Int32(_SC_PAGESIZE))) : nil
    }

    private static var openFiles: Int? {
        // One of them is the listing's own.
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")).map { max($0.count - 1, 0) }
    }
}
