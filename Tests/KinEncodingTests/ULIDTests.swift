import KinEncoding
import KinTesting
import Testing

@Suite struct ULIDTests {
    @Test("the specification's example has its time")
    func published() throws {
        let id = try #require(ULID("01ARZ3NDEKTSV4RRFFQ69G5FAV"))
        #expect(id.milliseconds == 1_469_922_850_259)
        #expect(id.description == "01ARZ3NDEKTSV4RRFFQ69G5FAV")
    }

    @Test("the largest ULID is accepted, one more is not")
    func bounds() {
        #expect(ULID("7ZZZZZZZZZZZZZZZZZZZZZZZZZ")?.milliseconds == 1 << 48 - 1)
        #expect(ULID("80000000000000000000000000") == nil)
        #expect(ULID("00000000000000000000000000")?.milliseconds == 0)
    }

    @Test(
        "only the canonical spelling is read",
        arguments: [
            "01arz3ndektsv4rrffq69g5fav", "01ARZ3NDEKTSV4RRFFQ69G5FA", "01ARZ3NDEKTSV4RRFFQ69G5FAVX", "",
            "0IARZ3NDEKTSV4RRFFQ69G5FAV", "0LARZ3NDEKTSV4RRFFQ69G5FAV", "0OARZ3NDEKTSV4RRFFQ69G5FAV",
            "0UARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FA ", "01ARZ3NDEKTSV4RRFFQ69G5Fé",
        ])
    func refused(text: String) {
        #expect(ULID(text) == nil)
    }

    @Test("order in time, of values and of texts agree")
    func order() {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<500 {
            let ids = (0..<2).map { _ in
                ULID(
                    milliseconds: Int64.random(in: 0..<1 << 48, using: &generator),
                    randomness: (0..<10).map { _ in UInt8.random(in: 0...255, using: &generator) })
            }
            #expect((ids[0] < ids[1]) == (ids[0].description < ids[1].description))
            #expect((ids[0].milliseconds < ids[1].milliseconds) == (ids[0] < ids[1]))
            #expect(ULID(ids[0].description) == ids[0])
        }
    }

    @Test("a time that does not fit becomes the nearest that does")
    func clamping() {
        let randomness = [UInt8](repeating: 0, count: 10)
        #expect(ULID(milliseconds: -1, randomness: randomness).milliseconds == 0)
        #expect(ULID(milliseconds: .max, randomness: randomness).milliseconds == 1 << 48 - 1)
    }
}
