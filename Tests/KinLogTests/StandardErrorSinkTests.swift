import Foundation
import KinLog
import Testing

@Suite struct StandardErrorSinkTests {
    private let line = Array((String(repeating: "x", count: 1023) + "\n").utf8)

    @Test("lines arrive whole and in order")
    func writes() {
        let pipe = Pipe()
        let sink = StandardErrorSink(file: pipe.fileHandleForWriting.fileDescriptor)
        for number in 1...100 { sink.write(line: Array("\(number)\n".utf8)) }
        sink.flush(within: 10)
        let text = String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self)
        #expect(text == (1...100).map { "\($0)\n" }.joined())
    }

    @Test("a reader that stalls holds nobody up, and learns how many lines it missed")
    func stalls() throws {
        let pipe = Pipe()
        let sink = StandardErrorSink(file: pipe.fileHandleForWriting.fileDescriptor)
        // Far more than a pipe and the room to wait hold.
        for _ in 0..<3_000 { sink.write(line: line) }
        let started = ContinuousClock.now
        sink.flush(within: 0.05)
        #expect(ContinuousClock.now - started < .seconds(5))
        var read = 0
        while read < 1_000 * line.count { read += pipe.fileHandleForReading.availableData.count }
        sink.write(line: Array("last\n".utf8))
        var tail = ""
        while !tail.contains("last") {
            tail += String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self)
        }
        #expect(tail.contains("log_lines_dropped"))
    }

    @Test("a reader that is gone costs lines and nothing else")
    func gone() throws {
        signal(SIGPIPE, SIG_IGN)
        let pipe = Pipe()
        try pipe.fileHandleForReading.close()
        let sink = StandardErrorSink(file: pipe.fileHandleForWriting.fileDescriptor)
        for _ in 0..<10 { sink.write(line: line) }
        sink.flush(within: 10)
    }
}
