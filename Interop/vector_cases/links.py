"""Vectors/kindred/links.json: what runs inside links (docs/protocol/links.md)."""

import hashlib

from kindred_wire import encodings, links
from kindred_wire.encodings import Refused

from . import actors as a
from . import pairing
from .noise import content

LINK = a.digest_hex("link")[:32]
OTHER_LINK = a.digest_hex("other-link")[:32]
TARGET = a.machine("phone")


def opening(**changes) -> dict:
    """The laptop calls the phone."""
    return {
        "v": 1,
        "chain": [a.certificate(a.LAPTOP)],
        "revocation_head": a.EMPTY_HEAD,
        "nonce": a.digest_hex("link-nonce")[:32],
        "time": a.NOW,
        "resume": None,
    } | changes


def acceptance(**changes) -> dict:
    return {
        "v": 1,
        "chain": [a.issuer(), a.issued(a.PHONE)],
        "revocation_head": a.EMPTY_HEAD,
        "time": a.NOW + 40,
        "link": LINK,
        "received_through": None,
    } | changes


def resume(**changes) -> dict:
    return {"link": LINK, "received_through": 131_038} | changes


def without(value: dict, name: str) -> dict:
    return {key: item for key, item in value.items() if key != name}


def payloads(valid: dict, invalid: dict, decode) -> list[dict]:
    entries = [{"name": name, "payload": a.text(value), "valid": True} for name, value in valid.items()]
    entries += [
        {"name": name, "payload": value if isinstance(value, str) else a.text(value), "valid": False}
        for name, value in invalid.items()
    ]
    for entry in entries:
        try:
            decode(entry["payload"].encode())
            assert entry["valid"], entry["name"]
        except Refused:
            assert not entry["valid"], entry["name"]
    return entries


def openings() -> list[dict]:
    valid = {
        "a new link": opening(),
        "continued": opening(resume=resume()),
        "continued from nothing": opening(resume=resume(received_through=0)),
        "the longest chain": opening(chain=[a.issuer(), a.issued(a.LAPTOP)] + a.rotations(6)),
        "the latest time": opening(time=2**53 - 1),
    }
    invalid = {
        "another version": opening(v=2),
        "no nonce": without(opening(), "nonce"),
        "a short nonce": opening(nonce="00" * 15),
        "resume missing": without(opening(), "resume"),
        "a link in capitals": opening(resume=resume(link=LINK.upper())),
        "a position below 0": opening(resume=resume(received_through=-1)),
        "resume with more": opening(resume=resume(more=1)),
        "an empty chain": opening(chain=[]),
        "a field too many": opening(more=None),
        "a space": a.text(opening()).replace(":", ": ", 1),
        "an answer": acceptance(),
        "nothing": "",
    }
    return payloads(valid, invalid, links.decode_opening)


def answers() -> list[dict]:
    valid = {
        "a new link": acceptance(),
        "continued": acceptance(received_through=65_519),
        "refused": {"v": 1, "refused": "clock_differs"},
    }
    invalid = {
        "another version": acceptance(v=2),
        "no link": without(acceptance(), "link"),
        "a short link": acceptance(link=LINK[2:]),
        "a position of 2^53": a.text(acceptance(received_through=1)).replace(
            '"received_through":1', '"received_through":9007199254740992'
        ),
        "refused and accepted": acceptance(refused="clock_differs"),
        "refused without a code": {"v": 1, "refused": ""},
        "refused in capitals": {"v": 1, "refused": "No"},
        "an opening": opening(),
    }
    return payloads(valid, invalid, links.decode_answer)


def records() -> list[dict]:
    """`head`, then so many zeros as `zeros` says."""
    cases = [
        ("the last part, empty", b"\1", 0),
        ("the last part, full", b"\1", links.MAX_CONTENT),
        ("a part of more, full", b"\0", links.MAX_CONTENT),
        ("an acknowledgement of nothing", links.acknowledgement(0), 0),
        ("an acknowledgement of all", links.acknowledgement(2**53 - 1), 0),
        ("an end", links.end("done"), 0),
        ("an end with the longest reason", b"\3" + b"a" * 64, 0),
        ("nothing", b"", 0),
        ("a part of more, not full", b"\0", links.MAX_CONTENT - 1),
        ("a part of more, empty", b"\0", 0),
        ("one byte too many", b"\1", links.MAX_CONTENT + 1),
        ("an acknowledgement of seven bytes", b"\2", 7),
        ("an acknowledgement of nine bytes", b"\2", 9),
        ("an acknowledgement of 2^53", b"\2" + (2**53).to_bytes(8, "big"), 0),
        ("an acknowledgement of 2^64 - 1", b"\2" + b"\xff" * 8, 0),
        ("an end without a reason", b"\3", 0),
        ("an end in capitals", b"\3Done", 0),
        ("an end that is no text", b"\3\xff", 0),
        ("an end with a reason too long", b"\3" + b"a" * 65, 0),
        ("another kind", b"\4", 0),
        ("the highest kind", b"\xff", 8),
    ]
    entries = []
    for name, head, zeros in cases:
        try:
            links.decode_record(head + bytes(zeros))
            valid = True
        except Refused:
            valid = False
        entries.append({"name": name, "head": head.hex(), "zeros": zeros, "valid": valid})
    assert sum(entry["valid"] for entry in entries) == 7
    return entries


def frames() -> list[dict]:
    """Byte number n of a frame is n modulo 251."""
    sizes = [0, 1, 65_517, 65_518, 65_519, 131_036, 131_037, 1 << 20, 16 << 20]
    return [
        {
            "name": f"{size} bytes",
            "size": size,
            "records": [[len(record), hashlib.sha256(record).hexdigest()] for record in links.split(content(size))],
        }
        for size in sizes
    ]


def resumes() -> list[dict]:
    """Frames were sent, nothing acknowledged; then the other side tells a position. `again`: the lengths of what is sent again, null: a fault."""
    frames = [10, 0, 65_518, 65_519, 3]
    lengths = [11, 1, 65_519, 65_519, 2, 4]
    entries = []
    for position in sorted({sum(lengths[:count]) + step for count in range(7) for step in (-1, 0, 1)} - {-1}):
        stream = links.Outgoing()
        for frame in frames:
            for record in links.split(content(frame)):
                stream.send(record)
        assert [len(record) for record in stream.records] == lengths
        try:
            again = [len(record) for record in stream.again(position)]
        except Refused:
            again = None
        entries.append({"name": f"from {position}", "frames": frames, "position": position, "again": again})
    return entries


def handshake(name: str, first: dict, second: dict, said: list[tuple[int, bytes]]) -> dict:
    """`said`: who (0: the caller) says which record."""
    ephemerals = [a.digest(f"link/{name}/{side}") for side in ("caller", "called")]
    caller = links.initiator(a.MESH, TARGET, a.LAPTOP.secret, bytes.fromhex(a.PHONE.x25519), ephemerals[0])
    called = links.responder(a.MESH, TARGET, a.PHONE.secret, ephemerals[1])
    messages = [caller.write(a.text(first).encode())]
    heard = links.decode_opening(called.read(messages[0]))
    try:
        links.judge(heard, called.remote, a.MESH, a.NOW)
    except Refused as refusal:
        assert second == {"v": 1, "refused": refusal.code}
    messages.append(called.write(a.text(second).encode()))
    answer = links.decode_answer(caller.read(messages[1]))
    if "refused" not in second:
        links.judge(answer, caller.remote, a.MESH, a.NOW)
    sides, transport = (links.Link(caller), links.Link(called)), []
    for sender, record in said:
        sealed = sides[sender].seal(record)
        assert sides[1 - sender].open(sealed) == record
        transport.append({"from": ["caller", "called"][sender], "record": record.hex(), "message": sealed.hex()})
    return {
        "name": name,
        "caller_ephemeral": ephemerals[0].hex(),
        "called_ephemeral": ephemerals[1].hex(),
        "opening": a.text(first),
        "answer": a.text(second),
        "first": messages[0].hex(),
        "second": messages[1].hex(),
        "handshake_hash": caller.handshake_hash.hex(),
        "transport": transport,
    }


def handshakes() -> list[dict]:
    hello = links.split(b"hello")[0]
    ack = links.acknowledgement
    return [
        handshake(
            "a new link",
            opening(),
            acceptance(),
            [(0, ack(0)), (0, hello), (1, links.split(b"")[0]), (0, ack(1)), (1, ack(6)), (1, links.end("done"))],
        ),
        handshake(
            "continued",
            opening(resume=resume(received_through=1)),
            acceptance(received_through=6),
            [(0, ack(1)), (1, hello)],
        ),
        handshake("refused", opening(time=a.NOW - 60_001), {"v": 1, "refused": "clock_differs"}, []),
    ]


def rekeys() -> dict:
    """The caller's messages by number, each the record of an empty frame, but for the first."""
    caller = links.initiator(
        a.MESH, TARGET, a.LAPTOP.secret, bytes.fromhex(a.PHONE.x25519), a.digest("link/a new link/caller")
    )
    called = links.responder(a.MESH, TARGET, a.PHONE.secret, a.digest("link/a new link/called"))
    called.read(caller.write(a.text(opening()).encode()))
    caller.read(called.write(a.text(acceptance()).encode()))
    sealed = {}
    for number in range(links.REKEY_AFTER - 1, links.REKEY_AFTER + 2):
        if number == links.REKEY_AFTER:
            caller.rekey_sending()
        caller.skip_sending_to(number)
        sealed[str(number)] = caller.seal(links.split(b"")[0]).hex()
    return {"handshake": "a new link", "record": "01", "messages": sealed}


def prologues() -> list[dict]:
    pairs = [(a.MESH, TARGET), (a.OTHER_MESH, a.machine("laptop"))]
    return [
        {"mesh": mesh, "machine_id": machine, "prologue": links.prologue(mesh, machine).hex()}
        for mesh, machine in pairs
    ]


def build() -> dict:
    assert encodings.parse_canonical(a.text(opening()).encode())
    return {
        "mesh": a.MESH,
        "now": a.NOW,
        "caller": {"static": a.LAPTOP.secret.hex(), "machine_id": a.machine("laptop")},
        "called": {"static": a.PHONE.secret.hex(), "machine_id": TARGET, "key": a.PHONE.x25519},
        "prologues": prologues(),
        "openings": openings(),
        "answers": answers(),
        "handshakes": handshakes(),
        "rekeys": rekeys(),
        "records": records(),
        "frames": frames(),
        "resumes": resumes(),
    } | pairing.build()
