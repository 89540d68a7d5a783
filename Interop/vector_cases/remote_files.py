"""Vectors/kindred/remote_files.json."""

from kindred_wire import remote_files as forms

from . import actors as a

HASH = a.digest("remote-file").hex()
PART = "0011223344556677-8899aabbccddeeff"
WRITTEN = {"path": "~/report.pdf", "size": 3}
WHOLE = WRITTEN | {"mode": "0600", "modified_at": a.NOW, "sha256": HASH, "overwrite": True}
CHUNK = {"path": "a", "part": PART, "offset": 0, "bytes": "AQID"}
FILE = {
    "kind": "file",
    "size": 3,
    "mode": "0644",
    "modified_at": a.NOW,
    "identity": HASH[:32],
    "version": HASH[32:],
}

# Of each operation: what is taken.
TAKEN = {
    "stat": [{"path": "/tmp"}, {"path": ""}, {"path": "~/\u00e9", "follow": False}, {"path": "x" * 4096}],
    "list": [
        {"path": "~"},
        {"path": "~", "after": "a", "limit": 1},
        {"path": "~", "limit": 1000},
        {"path": "~", "after": ""},
    ],
    "read": [
        {"path": "a"},
        {"path": "a", "offset": 2**53 - 1, "count": 1_048_576},
        {"path": "a", "count": 1},
    ],
    "digest": [{"path": "a"}, {"path": "a", "first": 0}],
    "mkdir": [{"path": "a"}, {"path": "a", "mode": "700"}, {"path": "a", "mode": "0700"}],
    "write": [
        {"path": "a", "bytes": ""},
        {"path": "a", "bytes": "AQ=="},
        {"path": "a", "bytes": "/+8=", "mode": "0755", "overwrite": True},
    ],
    "part/begin": [
        WRITTEN,
        WHOLE,
        WHOLE | {"part": PART},
        WHOLE | {"part": PART, "restart": True},
        WRITTEN | {"size": 0, "modified_at": -1, "mode": "7777"},
    ],
    "part/write": [CHUNK, CHUNK | {"offset": 2**53 - 1}],
    "part/digest": [{"path": "a", "part": PART, "first": 3}],
    "part/finish": [WRITTEN | {"part": PART}, WHOLE | {"part": PART}],
    "part/discard": [{"path": "a", "part": PART}, {"path": "a", "part": ""}],
}


def refused_inputs() -> list[tuple[str, str, object]]:
    cases = [
        ("stat", "no path", {}),
        ("stat", "a path of 4097 bytes", {"path": "x" * 4097}),
        ("stat", "a path that is no string", {"path": ["a"]}),
        ("stat", "following as a number", {"path": "a", "follow": 1}),
        ("stat", "following null", {"path": "a", "follow": None}),
        ("list", "no entries", {"path": "a", "limit": 0}),
        ("list", "more entries than may be", {"path": "a", "limit": 1001}),
        ("list", "a name of 1025 bytes", {"path": "a", "after": "x" * 1025}),
        ("read", "an offset below zero", {"path": "a", "offset": -1}),
        ("read", "no bytes", {"path": "a", "count": 0}),
        ("read", "more bytes than may be", {"path": "a", "count": 1_048_577}),
        ("read", "half a byte", {"path": "a", "count": 1.5}),
        ("digest", "fewer than no bytes", {"path": "a", "first": -1}),
        ("mkdir", "a mode of letters", {"path": "a", "mode": "rwx"}),
        ("mkdir", "a mode of eights", {"path": "a", "mode": "0888"}),
        ("mkdir", "a mode of five digits", {"path": "a", "mode": "00755"}),
        ("mkdir", "a mode as a number", {"path": "a", "mode": 755}),
        ("write", "no bytes at all", {"path": "a"}),
        ("write", "a size beside the bytes", {"path": "a", "bytes": "", "size": 0}),
        ("write", "no base64", {"path": "a", "bytes": "?"}),
        ("write", "base64 without padding", {"path": "a", "bytes": "AQ"}),
        ("write", "base64 of URLs", {"path": "a", "bytes": "_-8="}),
        ("write", "base64 with a bit too many", {"path": "a", "bytes": "AR=="}),
        ("write", "base64 with a line's end", {"path": "a", "bytes": "AQID\n"}),
        ("part/begin", "no size", {"path": "a"}),
        ("part/begin", "a size below zero", WRITTEN | {"size": -1}),
        ("part/begin", "a short hash", WRITTEN | {"sha256": HASH[2:]}),
        ("part/begin", "a hash in capitals", WRITTEN | {"sha256": HASH.upper()}),
        ("part/begin", "a part of 65 bytes", WRITTEN | {"part": "x" * 65}),
        ("part/begin", "no time", WRITTEN | {"modified_at": None}),
        ("part/write", "no offset", {name: value for name, value in CHUNK.items() if name != "offset"}),
        ("part/write", "no part", {name: value for name, value in CHUNK.items() if name != "part"}),
        ("part/write", "bytes as numbers", CHUNK | {"bytes": [1, 2, 3]}),
        ("part/digest", "no end", {"path": "a", "part": PART}),
        ("part/finish", "no part", WHOLE),
        ("part/finish", "a restart", WHOLE | {"part": PART, "restart": True}),
        ("part/discard", "a size", {"path": "a", "part": PART, "size": 3}),
    ]
    for operation, taken in TAKEN.items():
        cases.append((operation, "a member that is not known", taken[0] | {"server": "x"}))
        cases.append((operation, "no object", [taken[0]]))
    return cases


def inputs() -> list[dict]:
    entries = []
    for operation, taken in TAKEN.items():
        for number, value in enumerate(taken):
            text = a.text(value)
            meant = a.text(forms.read_input(operation, text.encode()))
            entries.append(
                {"name": f"{operation} {number}", "operation": operation, "input": text, "valid": True, "meant": meant}
            )
    for operation, why, value in refused_inputs():
        entries.append(
            {
                "name": f"{operation}: {why}",
                "operation": operation,
                "input": a.text(value),
                "valid": False,
                "why": why,
            }
        )
    large = '{"path":"a","size":9007199254740992}'
    entries.append(
        {"name": "part/begin: 2^53", "operation": "part/begin", "input": large, "valid": False, "why": "a size of 2^53"}
    )
    return entries


def folder(*entries: dict, **more) -> dict:
    return {"entries": list(entries), "unnameable": 0} | more


def named(name, **changes) -> dict:
    return FILE | {"name": name} | changes


def taken_answers() -> list[tuple[str, str, dict]]:
    cases = [("file", kind, FILE | {"kind": kind}) for kind in ("file", "folder", "link", "special")]
    return cases + [
        ("file", "before 1970", FILE | {"modified_at": -1}),
        ("file", "more than is known", FILE | {"owner": "root"}),
        ("file", "a mode of three digits", FILE | {"mode": "644"}),
        ("file", "a mode with setuid", FILE | {"mode": "4755"}),
        ("folder", "an empty one", folder()),
        ("folder", "a page", folder(named("a"), named("b", kind="link"), next="b", unnameable=2)),
        ("folder", "names", folder(*[named(name) for name in ("..a", " ", "\n", "\u00e9", "e\u0301", "x" * 1024)])),
        ("folder", "more than is known", folder(named("a", owner="root"), more=[])),
        ("piece", "three bytes", FILE | {"bytes": "AQID"}),
        ("piece", "none", FILE | {"bytes": ""}),
        ("part", "a new one", {"part": PART, "offset": 0}),
        ("part", "more than is known", {"part": PART, "offset": 5, "until": 1}),
    ]


def refused_answers() -> list[tuple[str, str, object]]:
    cases = [("file", f"no {name}", {key: value for key, value in FILE.items() if key != name}) for name in FILE]
    cases += [
        ("file", "another kind", FILE | {"kind": "socket"}),
        ("file", "a size below zero", FILE | {"size": -1}),
        ("file", "a time as text", FILE | {"modified_at": "1"}),
        ("file", "a version of 65 bytes", FILE | {"version": "x" * 65}),
        ("file", "no object", []),
        ("folder", "no entries", {"unnameable": 0}),
        ("folder", "more entries than may be", folder(*[named(str(number)) for number in range(1001)])),
        ("folder", "an entry without a name", folder(FILE)),
        ("folder", "next as null", folder(next=None)),
        ("piece", "no bytes", FILE),
        ("piece", "no base64", FILE | {"bytes": "AQI"}),
        ("part", "no part", {"offset": 0}),
        ("part", "an offset below zero", {"part": PART, "offset": -1}),
    ]
    for name in ("", ".", "..", "/", "../a", "a/b", "/etc/passwd", "a\0b", "/\u0338x", "x" * 1025):
        cases.append(("folder", f"the name {name[:12]!r}", folder(named("a"), named(name))))
    return cases


def answers() -> list[dict]:
    entries = []
    for form, name, value in taken_answers():
        text = a.text(value)
        meant = a.text(forms.read_answer(form, text.encode()))
        entries.append({"name": f"{form}: {name}", "form": form, "answer": text, "valid": True, "meant": meant})
    for form, why, value in refused_answers():
        entries.append(
            {"name": f"{form}: {why}", "form": form, "answer": a.text(value), "valid": False, "why": why}
        )
    return entries


def build() -> dict:
    return {"inputs": inputs(), "answers": answers()}
