import Testing

@testable import KinQR

@Suite struct QRCodeTests {
    @Test("a code is as small as its content allows", arguments: [(1, 21), (17, 21), (18, 25), (134, 41), (135, 45)])
    func sizes(bytes: Int, size: Int) throws {
        #expect(try #require(QRCode([UInt8](repeating: 0x61, count: bytes))).size == size)
    }

    @Test("more correction takes more room")
    func correction() throws {
        let content = Array(String(repeating: "kindred ", count: 12).utf8)
        let sizes = try [QRCode.Correction.low, .medium, .quartile, .high].map {
            try #require(QRCode(content, correction: $0)).size
        }
        #expect(sizes == sizes.sorted() && Set(sizes).count == 4)
    }

    @Test("nothing, and what fits into no code, is none")
    func bounds() {
        #expect(QRCode([]) == nil)
        #expect(QRCode([UInt8](repeating: 0x80, count: QRCode.maxBytes)) != nil)
        #expect(QRCode([UInt8](repeating: 0x80, count: QRCode.maxBytes + 1)) == nil)
        #expect(QRCode([UInt8](repeating: 0x80, count: 1274), correction: .high) == nil)
    }

    @Test("the three corners hold the patterns that readers look for, the fourth does not")
    func corners() throws {
        let code = try #require(QRCode(Array("kindred".utf8)))
        let finder = ["#######", "#     #", "# ### #", "# ### #", "# ### #", "#     #", "#######"]
        func corner(_ row: Int, _ column: Int) -> [String] {
            (0..<7).map { y in
                String((0..<7).map { code.isDark(row: row + y, column: column + $0) ? "#" : " " })
            }
        }
        let far = code.size - 7
        #expect(corner(0, 0) == finder && corner(0, far) == finder && corner(far, 0) == finder)
        #expect(corner(far, far) != finder)
        #expect(!code.isDark(row: -1, column: 0) && !code.isDark(row: 0, column: code.size))
    }

    @Test("what a terminal shows is the code, with its margin, two rows a line", arguments: [false, true])
    func terminal(isColoured: Bool) throws {
        let code = try #require(QRCode(Array("kindred".utf8)))
        let lines = code.terminalText(isColoured: isColoured).split(separator: "\n")
        let (margin, wide) = (QRCode.margin, code.size + 2 * QRCode.margin)
        #expect(lines.count == (wide + 1) / 2)
        for (index, line) in lines.enumerated() {
            let drawn = isColoured ? try #require(line.firstMatch(of: /m([█▀▄ ]*)\u{1b}\[0m$/)).output.1 : line
            #expect(drawn.count == wide && line.hasPrefix("\u{1b}[38;5;231;48;5;16m") == isColoured)
            for (column, block) in drawn.enumerated() {
                let row = 2 * index - margin
                #expect(("█▀".contains(block)) == !code.isDark(row: row, column: column - margin))
                guard row + 1 < code.size + margin else { continue }
                #expect(("█▄".contains(block)) == !code.isDark(row: row + 1, column: column - margin))
            }
        }
    }
}
