import KinWire
import Testing

@testable import KinCommands

@Suite struct CopyPlaceTests {
    @Test(
        "what has a machine's name before its first colon is there; what has none, or a / before it, is here",
        arguments: [
            ("./build.tar", nil, "./build.tar"), ("kiosk:/tmp/", "kiosk", "/tmp/"), ("kiosk:", "kiosk", "~"),
            ("kiosk:notes.md", "kiosk", "notes.md"), ("kiosk:~/x", "kiosk", "~/x"), ("./a:b", nil, "./a:b"),
            ("/tmp/a:b", nil, "/tmp/a:b"), (":b", nil, ":b"), ("a", nil, "a"), ("kiosk:a:b", "kiosk", "a:b"),
            ("c:dir", "c", "dir"), ("..", nil, ".."), ("-", nil, "-"), ("./C:\\x", nil, "./C:\\x"),
            ("kiosk:\u{338}x", "kiosk", "\u{338}x"),
        ] as [(String, String?, String)])
    func places(text: String, device: String?, path: String) throws {
        let place = try CopyPlace(text)
        if let device {
            #expect(place == .far(try #require(DeviceName(device)), path: path))
        } else {
            #expect(place == .near(path))
        }
        #expect(try CopyPlace(place.text) == place)
    }

    @Test(
        "what may mean one and the other is refused, with how to write it",
        arguments: [
            "C:\\dir\\file", "c:\\dir", "Report: final.pdf", "all:/tmp", "head:x", "me@kiosk:/tmp", "C:/dir", "a b:c",
        ])
    func refused(text: String) throws {
        let error = try #require(throws: KinError.self) { try CopyPlace(text) }
        #expect(error.code == "place_invalid" && error.category == .usage)
        #expect(error.message.contains("./\(text)"))
    }

    @Test("nothing is no place")
    func empty() {
        #expect(throws: KinError.self) { try CopyPlace("") }
    }

    @Test(
        "the name that a copy gets is the last of its path, and none where the content is meant",
        arguments: [
            ("a", "a"), ("/x/a", "a"), ("/x/a/", "a"), ("a//", "a"), ("~/a", "a"), (".", nil), ("..", nil), ("/", nil),
            ("~", nil), ("~/", nil), ("a/.", nil), ("a/..", nil), ("a/\u{338}b", "\u{338}b"),
        ] as [(String, String?)])
    func names(path: String, name: String?) { #expect(CopyPath.name(path) == name) }

    @Test("a path lies in the folders it is written with")
    func ways() {
        #expect(CopyPath.ways("/a/b/c") == ["/a/b/c", "/a/b", "/a"])
        #expect(CopyPath.ways("a") == ["a"])
    }
}
