import Foundation

/// A message at a time through a Redis stream: from just before XADD until the consumer's XREADGROUP has it.
enum RedisEndToEnd {
    static func run(port: Int, count: Int, bodyBytes: Int) throws -> Samples {
        let (producer, consumer) = (try RedisSender(port: port, bodyBytes: bodyBytes), try LoadConnection(port: port))
        try consumer.write(RedisSender.command(["XGROUP", "CREATE", "s", "g", "$", "MKSTREAM"]))
        _ = try consumer.line()
        var samples = Samples()
        for _ in 0..<count {
            try consumer.write(
                RedisSender.command([
                    "XREADGROUP", "GROUP", "g", "c", "COUNT", "1", "BLOCK", "5000", "STREAMS", "s", ">",
                ]))
            usleep(5_000)
            let start = monotonicSeconds()
            try producer.connection.write(producer.nextMessage())
            let id = try entry(consumer)
            samples.add(monotonicSeconds() - start)
            try consumer.write(RedisSender.command(["XACK", "s", "g", id]))
            _ = try consumer.line()
            while try producer.acknowledged() == 0 { try producer.connection.readMore() }
        }
        return samples
    }

    /// `*1 *2 $1 s *1 *2 $N ID *2 $1 d $N BODY`: the id is its seventh line.
    private static func entry(_ consumer: LoadConnection) throws -> String {
        let lines = try (0..<13).map { _ in try consumer.line() }
        guard lines[0] == "*1" else { throw BenchError("redis delivered nothing within 5 s") }
        return lines[7]
    }
}
