#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// File descriptors of this process; each connection is one.
enum OpenFiles {
    /// How many there may be now (`ulimit -n`).
    static var limit: Int {
        var limits = rlimit()
        #if canImport(Glibc)
            let failed = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits) != 0
        #else
            let failed = getrlimit(RLIMIT_NOFILE, &limits) != 0
        #endif
        return failed || limits.rlim_cur > 1 << 24 ? 1 << 24 : Int(limits.rlim_cur)
    }
}
