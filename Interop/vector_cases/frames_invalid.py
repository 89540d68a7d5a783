"""Frames of every wrong shape, each wrong in one way."""

from kindred_wire import encodings, frames

from . import actors as a
from .frames_valid import (
    CHAIN,
    DM,
    EPOCH,
    ISSUED,
    LAPTOP,
    LONGEST,
    PHONE,
    REQUEST,
    TOPIC,
    ack_fields,
    cases,
    hello_fields,
    history_item_fields,
    nack_fields,
    push_fields,
    revocations_header,
    send_fields,
    topic_proof,
    topic_request,
    topic_state,
)

BODY = b"\xab" * 104
_STRICT = " (strict reading)"


def invalid() -> list[dict]:
    found = []
    for group in (_raw, _headers, _required, _session, _members, _messages, _others, _topics):
        for name, frame, why, *error in group():
            code = (error or ["invalid_message"])[0]
            found.append({"name": name, "frame_hex": frame.hex(), "error": code, "why": why})
    return found


def _frame(header: dict, body: bytes = b"") -> bytes:
    return frames.encode(frames.Frame(header, body))


def _revocations(proof: list) -> dict:
    return {"type": "revocations", "entries": [proof]}


def _framed(text: str | bytes, body: bytes = b"") -> bytes:
    data = text if isinstance(text, bytes) else text.encode()
    return len(data).to_bytes(4, "big") + data + body


def _raw():
    good = _frame({"type": "members_end", "version": 1})
    yield "no bytes", b"", "no header length"
    yield "truncated length", good[:3], "no header length"
    yield "length alone", good[:4], "the header is longer than the frame"
    yield "header cut short", good[:-1], "the header is longer than the frame"
    yield "length of the largest integer", b"\xff" * 4 + good[4:], "the header is longer than the frame"
    yield "length in little-endian order", good[3::-1] + good[4:], "the header is longer than the frame"
    yield "header of no bytes", bytes(4), "no JSON"
    yield "header of no bytes, then a body", bytes(4) + BODY, "no JSON"
    yield "header too long", _frame(revocations_header(frames.MAX_HEADER + 1)), "a header has at most 16,384 bytes"
    yield "length one short", (len(good) - 5).to_bytes(4, "big") + good[4:], "no JSON"


def _headers():
    text = '{"type":"members_end","version":1}'
    yield "white space", _framed(text.replace(",", ", ")), "not canonical"
    yield "line feed after", _framed(text + "\n"), "not canonical"
    yield "names in another order", _framed('{"version":1,"type":"members_end"}'), "not canonical"
    yield "needless escape", _framed(text.replace("members", "m\\u0065mbers")), "not canonical"
    yield "integer as a float", _framed(text.replace("1", "1.0")), "not canonical"
    yield "integer with an exponent", _framed(text.replace(":1", ":1e0")), "not canonical"
    yield "integer of 2^53", _framed(text.replace(":1", ":9007199254740992")), "below 2^53"
    yield "integer of 20 digits", _framed(text.replace(":1", ":99999999999999999999")), "below 2^53"
    yield "negative zero", _framed(text.replace(":1", ":-0")), "not canonical"
    yield "name twice", _framed(text.replace("}", ',"version":1}')), "a name twice"
    yield "no UTF-8", _framed(b'{"code":"a","message":"\xff","type":"error"}'), "no UTF-8"
    yield "raw surrogate", _framed(b'{"code":"a","message":"\xed\xa0\x80","type":"error"}'), "no UTF-8"
    yield "lone surrogate", _framed('{"code":"a","message":"\\ud800","type":"error"}'), "no Unicode text"
    yield "byte order mark", _framed("\ufeff" + text), "no JSON"
    yield "no JSON", _framed("members_end"), "no JSON"
    yield "an array", _framed("[]"), "no object"
    yield "a string", _framed('"members_end"'), "no object"
    yield "null", _framed("null"), "no object"
    yield "an empty object", _framed("{}"), "no type"
    yield "bottomless", _framed("[" * 16_000), "no JSON"
    yield "bottomless and closed", _framed("[" * 8_000 + "]" * 8_000), "no object"
    yield "no type", _framed('{"version":1}'), "no type"
    yield "type a number", _framed('{"type":1}'), "type is a string"
    yield "type null", _framed('{"type":null}'), "type is a string"
    yield "type an array", _framed('{"type":["members_end"]}'), "type is a string"
    unknown = "unknown_message_type"
    yield "type unknown", _framed('{"type":"teleport"}'), "no such type", unknown
    yield "type empty", _framed('{"type":""}'), "no such type", unknown
    yield "type with a capital", _framed('{"type":"Members_end","version":1}'), "no such type", unknown
    yield "type with white space", _framed('{"type":"members_end ","version":1}'), "no such type", unknown


def _required():
    """Of each type: every required field left out, null, and of another type; one field too many; a body too many."""
    seen = set()
    for _, header, body in cases():
        kind = header["type"]
        if kind in seen:
            continue
        seen.add(kind)
        for field in frames.FORMS[kind][0]:
            rest = {name: item for name, item in header.items() if name != field}
            yield f"{kind} without {field}", _frame(rest, body), "a field is missing"
            yield f"{kind}, {field} null", _frame(header | {field: None}, body), "null instead of a value"
            other = "1" if isinstance(header[field], int | list | dict) else 1
            yield f"{kind}, {field} of another type", _frame(header | {field: other}, body), "ill-typed"
        yield f"{kind}, unknown field", _frame(header | {"x": 1}, body), "a field that is not named"
        if kind not in frames.WITH_BODY:
            yield f"{kind} with a body", _frame(header, b"\0"), "a body where none belongs"


def _session():
    challenge = {"type": "challenge", "nonce": "ab" * 32, "protocol_version": 1, "server_time": a.NOW}
    yield "challenge, nonce in upper case", _frame(challenge | {"nonce": "AB" * 32}), "lower-case hex only"
    yield "challenge, nonce of 31 bytes", _frame(challenge | {"nonce": "ab" * 31}), "32 bytes"
    yield "challenge, protocol_version 2", _frame(challenge | {"protocol_version": 2}), "protocol_version is 1"
    yield "challenge, server_time negative", _frame(challenge | {"server_time": -1}), "from 0"
    yield "hello, chain empty", _frame(hello_fields(chain=[])), "no certificate" + _STRICT
    yield (
        "hello, chain of 9",
        _frame(hello_fields(chain=LONGEST + a.rotations(7)[6:])),
        "at most 8 statements" + _STRICT,
    )
    yield "hello, chain of strings", _frame(hello_fields(chain=["a"])), "no statements"
    unknown = [a.certificate(a.LAPTOP, extra=1)]
    yield "hello, chain with an unknown field", _frame(hello_fields(chain=unknown)), "no certificate" + _STRICT
    yield "hello, mesh without wallet", _frame(hello_fields(mesh="home")), "no mesh"
    yield "hello, capability twice", _frame(hello_fields(capabilities=["a", "a"])), "capabilities are unique"
    yield "hello, capability with a hyphen", _frame(hello_fields(capabilities=["a-b"])), "no capability"
    yield "hello, capability empty", _frame(hello_fields(capabilities=[""])), "no capability"
    yield "hello, 33 capabilities", _frame(hello_fields(capabilities=[f"c{n}" for n in range(33)])), "at most 32"
    head = {"hash": a.EMPTY_HEAD["hash"], "n": 0}
    yield (
        "hello, revocation_head without n",
        _frame(hello_fields(revocation_head={"hash": head["hash"]})),
        "a field is missing",
    )
    yield (
        "hello, revocation_head with more",
        _frame(hello_fields(revocation_head=head | {"m": 1})),
        "a field that is not named",
    )
    yield "hello, revocation_head with a negative n", _frame(hello_fields(revocation_head=head | {"n": -1})), "from 0"
    yield "hello, signature of 63 bytes", _frame(hello_fields(signature="ab" * 63)), "64 bytes"
    request = {"type": "feature_negotiation_request", "optional": [], "require": []}
    yield "features asked, with a capital", _frame(request | {"require": ["A"]}), "no feature"
    yield "features asked, of 65", _frame(request | {"optional": ["a" * 65]}), "no feature"
    response = {"type": "feature_negotiation_response", "missing_required": [], "supported": {}}
    yield "features answered, an array", _frame(response | {"supported": []}), "no object"
    yield "features answered, a number", _frame(response | {"supported": {"max_payload": 1}}), "no object"
    yield (
        "features answered, without params",
        _frame(response | {"supported": {"max_payload": {}}}),
        "a field is missing",
    )
    yield "features answered, params an array", _frame(response | {"supported": {"a": {"params": []}}}), "no object"
    yield (
        "features answered, a bad name",
        _frame(response | {"supported": {"a-b": {"params": {"version": 1}}}}),
        "no feature",
    )
    ready = {"type": "ready", "member": LAPTOP, "session": "ab" * 8, "store": "cd" * 16, "last_message_id": 7}
    yield "ready, session of 7 bytes", _frame(ready | {"session": "ab" * 7}), "8 bytes"
    yield "ready, no store", _frame({k: v for k, v in ready.items() if k != "store"}), "missing"
    yield "ready, store of 15 bytes", _frame(ready | {"store": "cd" * 15}), "16 bytes"
    yield "ready, member in lower case", _frame(ready | {"member": LAPTOP.lower()}), "no ULID"


def _members():
    yield "member, online a number", _frame({"type": "member", "chain": CHAIN, "online": 1}), "no boolean"
    yield "member, online a string", _frame({"type": "member", "chain": CHAIN, "online": "true"}), "no boolean"
    yield "members_end, version negative", _frame({"type": "members_end", "version": -1}), "from 0"
    yield "members_end, version with a fraction", _frame({"type": "members_end", "version": 1.5}), "no integer"
    yield "members_end, version true", _frame({"type": "members_end", "version": True}), "no integer"
    yield "member_put, issuer alone", _frame({"type": "member_put", "chain": ISSUED[:1]}), "no certificate" + _STRICT
    yield "member_put, a certificate itself", _frame({"type": "member_put", "chain": CHAIN[0]}), "no array"
    yield "member_left, wallet", _frame({"type": "member_left", "member": "wallet", "version": 1}), "no ULID"


def _messages():
    def send(**changes):
        return _frame(send_fields(**changes), BODY)

    def push(**changes):
        return _frame(push_fields(**changes), BODY)

    yield "send without a body", _frame(send_fields()), "the body has at least one byte"
    yield "send, seq 0", send(seq=0), "seq counts from 1"
    yield "send, seq negative", send(seq=-1), "seq counts from 1"
    yield "send, seq with a fraction", send(seq=1.5), "no integer"
    yield "send, epoch with a DM", send(epoch=EPOCH), "an epoch belongs to a topic"
    yield "send, epoch null", send(destination=TOPIC, epoch=None), "null instead of absent"
    yield "send, expires_at null", send(expires_at=None), "null instead of absent"
    yield "send, expires_at a string", send(expires_at="1"), "ill-typed"
    yield "send, epoch without minter", send(destination=TOPIC, epoch={"counter": 1}), "a field is missing"
    yield "send, epoch with more", send(destination=TOPIC, epoch=EPOCH | {"x": 1}), "a field that is not named"
    yield "send, epoch's minter a name", send(destination=TOPIC, epoch=EPOCH | {"minter": "laptop"}), "no ULID"
    yield "send, epoch's counter negative", send(destination=TOPIC, epoch=EPOCH | {"counter": -1}), "from 0"
    yield "send, destination of another kind", send(destination=DM | {"kind": "room"}), "dm or topic"
    yield "send, destination without ref", send(destination={"kind": "dm"}), "a field is missing"
    yield "send, destination without kind", send(destination={"ref": PHONE}), "a field is missing"
    yield "send, destination with more", send(destination=DM | {"x": 1}), "a field that is not named"
    yield "send, DM to a topic's name", send(destination={"kind": "dm", "ref": "build"}), "no ULID"
    yield "send, topic by a ULID", send(destination={"kind": "topic", "ref": PHONE}), "no topic name"
    yield "send, topic of 65", send(destination={"kind": "topic", "ref": "a" * 65}), "no topic name"
    yield "send, topic empty", send(destination={"kind": "topic", "ref": ""}), "no topic name"
    yield "send, priority high", send(priority="high"), "now, next or low"
    yield "send, line of 7 bytes", send(line="ab" * 7), "8 bytes"
    yield "send, line in upper case", send(line="AB" * 8), "lower-case hex only"
    yield "send, fingerprint of 16 bytes", send(request_fingerprint="ab" * 16), "32 bytes"
    yield "send, id empty", send(client_message_id=""), "1 to 64 characters"
    yield "send, id of 65", send(client_message_id="a" * 65), "1 to 64 characters"
    yield "send, id with a slash", send(client_message_id="a/b"), "no client_message_id"
    yield "send, id not ASCII", send(client_message_id="\u0661"), "no client_message_id"
    yield "send with sender", send(sender=LAPTOP), "a field that is not named"
    yield "push, seq 0", push(seq=0), "seq counts from 1"
    yield "push, epoch with a DM", push(epoch=EPOCH), "an epoch belongs to a topic"
    yield "push, epoch null", push(epoch=None), "null instead of absent"
    yield "push, sender a name", _frame(push_fields() | {"sender": "laptop"}, BODY), "no ULID"
    yield "push with expires_at", push(expires_at=a.NOW), "a field that is not named"
    yield "push with request", push(request=REQUEST), "a field that is not named"
    yield "history_item, epoch with a DM", _frame(history_item_fields(epoch=EPOCH), BODY), "an epoch belongs to a topic"
    yield "ack, ids that differ", _frame(ack_fields(history_id=8)), "broker_message_id = history_id" + _STRICT
    yield "ack, first_seen_at null", _frame(ack_fields(first_seen_at=None)), "null instead of absent"
    yield "ack, duplicate a number", _frame(ack_fields(duplicate=1)), "no boolean"
    yield "ack, negative id", _frame(ack_fields(broker_message_id=-1, history_id=-1)), "from 0"
    yield (
        "nack, retry_after_ms null",
        _frame(nack_fields("rate_limited", retry_after_ms=None)),
        "null instead of absent",
    )
    yield "nack, retry_after_ms negative", _frame(nack_fields("rate_limited", retry_after_ms=-1)), "from 0"
    yield "nack, retryable a string", _frame(nack_fields("expired", retryable="false")), "no boolean"
    reused = nack_fields("idempotency_key_reused")
    yield "nack, fingerprint of 32 bytes", _frame(reused | {"stored_fingerprint": "ab" * 32}), "8 bytes"
    yield "nack, fingerprint null", _frame(reused | {"stored_fingerprint": None}), "null instead of absent"


def _others():
    def results(value):
        return _frame({"type": "client_ack", "results": value})

    handover = {"type": "succession", "succession": a.succession(), "owner": CHAIN, "drained": False}
    yield "succession, drained a number", _frame(handover | {"drained": 0}), "no boolean"
    yield "succession, owner without a chain", _frame(handover | {"owner": []}), "1 to 8 statements"
    own = a.succession(successor=a.address(a.WALLET))
    yield "succession by the wallet itself", _frame(handover | {"succession": own}), "no wallet succeeds itself"
    said = {"type": "settings", "settings": a.settings(), "owner": CHAIN}
    yield "settings, none", _frame(said | {"settings": None}), "a frame without settings is not sent"
    yield "settings, owner without a chain", _frame(said | {"owner": []}), "1 to 8 statements"
    yield "settings, policy unknown", _frame(said | {"settings": a.settings(concurrent_policy="both")}), "no policy"
    yield "client_ack, no results", results([]), "1 to 256"
    yield "client_ack, 257 results", results([[n, "stored"] for n in range(257)]), "1 to 256"
    yield "client_ack, unknown result", results([[1, "lost"]]), "no result"
    yield "client_ack, pair of one", results([[1]]), "not a pair"
    yield "client_ack, pair of three", results([[1, "stored", 1]]), "not a pair"
    yield "client_ack, pair the wrong way", results([["stored", 1]]), "ill-typed"
    yield "client_ack, id negative", results([[-1, "stored"]]), "from 0"
    yield "client_ack, objects", results([{"1": "stored"}]), "not a pair"
    yield "client_ack, result null", results([[1, None]]), "no result"
    history = {"type": "history", "request": REQUEST, "limit": 10}
    yield "history, neither dm nor topic", _frame(history), "exactly one of dm and topic"
    yield "history, dm and topic", _frame(history | {"dm": PHONE, "topic": "build"}), "exactly one of dm and topic"
    yield "history, topic null beside dm", _frame(history | {"dm": PHONE, "topic": None}), "null instead of absent"
    yield "history, before null", _frame(history | {"dm": PHONE, "before": None}), "null instead of absent"
    yield "history, limit 0", _frame(history | {"dm": PHONE, "limit": 0}), "1 to 256"
    yield "history, limit 257", _frame(history | {"dm": PHONE, "limit": 257}), "1 to 256"
    yield "history, topic with #", _frame(history | {"topic": "#build"}), "no topic name"
    yield "history, dm a name", _frame(history | {"dm": "phone"}), "no ULID"
    yield "history, request a number", _frame(history | {"dm": PHONE, "request": 1}), "no ULID"
    end = {"type": "history_end", "request": REQUEST}
    yield "history_end, before null", _frame(end | {"before": None}), "null instead of absent"
    yield "history_end, negative before", _frame(end | {"before": -1}), "from 0"
    yield "history_end, more", _frame(end | {"more": True}), "unknown field"
    yield "history_end, no request", _frame({"type": "history_end", "before": 1}), "request is missing"
    have = [a.digest_hex(f"entry/{n}") for n in range(257)]
    yield (
        "revocations_get, hash in upper case",
        _frame({"type": "revocations_get", "have": ["AB" * 32]}),
        "lower-case hex only",
    )
    yield "revocations_get, hash of 31 bytes", _frame({"type": "revocations_get", "have": ["ab" * 31]}), "32 bytes"
    yield (
        "revocations_get, 245 hashes",
        _frame({"type": "revocations_get", "have": have[:245]}),
        "the header has more than 16,384 bytes",
    )
    yield "revocations_get, 257 hashes", _frame({"type": "revocations_get", "have": have}), "at most 256"
    entry = a.revocation()
    yield "revocations, 17 entries", _frame({"type": "revocations", "entries": [[entry]] * 17}), "at most 16"
    for name, changes, why in (
        ("for members", {"role": "member"}, "machine or guest"),
        ("no use", {"uses": 0}, "at least 1"),
        ("10,001 uses", {"uses": 10_001}, "at most 10,000"),
        ("without end", {"expires_at": None}, "no time"),
    ):
        yield f"credential {name}", _frame({"type": "credential", "credential": a.credential(**changes)}), why
    yield "revocations, an entry outside an array", _frame({"type": "revocations", "entries": [entry]}), "no array"
    yield "revocations, an empty array", _frame({"type": "revocations", "entries": [[]]}), "no entry"
    yield "revocations, the wallet's with an issuer", _frame(_revocations([a.issuer(), entry])), "superfluous"
    issued = a.revocation(a.ISSUER, author=a.member("laptop"), target=a.member("runner"))
    yield "revocations, an issuer's without its certificate", _frame(_revocations([issued])), "missing"
    other = a.issuer(issuer=a.member("phone"))
    yield "revocations, another issuer's certificate", _frame(_revocations([other, issued])), "another member"
    yield "revocations, three statements", _frame(_revocations([a.issuer(), issued, issued])), "at most two"
    yield "revocations, a certificate", _frame({"type": "revocations", "entries": [CHAIN]}), "no revocation"
    yield (
        "revocations, entry with an unknown field",
        _frame({"type": "revocations", "entries": [[entry | {"x": 1}]]}),
        "a field that is not named",
    )
    yield (
        "revocations, entry without sig",
        _frame({"type": "revocations", "entries": [[{k: v for k, v in entry.items() if k != "sig"}]]}),
        "a field is missing",
    )
    yield "revocations, a string", _frame({"type": "revocations", "entries": [[a.text(entry)]]}), "no object"
    error = {"type": "error", "code": "unauthorized", "message": "x"}
    yield "error, message of 513 bytes", _frame(error | {"message": "x" * 513}), "at most 512 bytes"
    yield (
        "error, message of 513 bytes in 171 characters",
        _frame(error | {"message": "\u20ac" * 171}),
        "at most 512 bytes",
    )
    yield "error, ref null", _frame(error | {"ref": None}), "null instead of absent"
    yield "error, ref a number", _frame(error | {"ref": 1}), "ill-typed"
    yield "error, code empty", _frame(error | {"code": ""}), "no code" + _STRICT


def _topics():
    other = topic_proof(topic="other")
    yield "topic_create, list of another topic", _frame(topic_request("topic_create", proof=other)), "of that topic"
    yield "topic, list of another topic", _frame(topic_state(proof=other)), "of that topic"
    proof = topic_proof()
    for name, wrong, why in (
        ("null", None, "null instead of absent"),
        ("a list alone", proof["list"], "list and signer"),
        ("without signer", {"list": proof["list"]}, "a field is missing"),
        ("without list", {"signer": CHAIN}, "a field is missing"),
        ("with more", proof | {"x": 1}, "a field that is not named"),
        ("signer empty", proof | {"signer": []}, "1 to 8 statements"),
        ("signer a certificate itself", proof | {"signer": CHAIN[0]}, "no array"),
        ("257 members", topic_proof(members=_ulids(257)), "at most 256"),
        ("a member twice", topic_proof(members=[PHONE, PHONE]), "members are unique"),
        ("list with an unknown field", topic_proof(x=1), "a field that is not named"),
        ("list without sig", proof | {"list": a.topic_fields()}, "a field is missing"),
        ("list an array", proof | {"list": [proof["list"]]}, "no object"),
    ):
        yield f"topic_create, proof {name}", _frame(topic_request("topic_create", proof=wrong)), why
    yield "topic, proof null", _frame(topic_state(proof=None)), "null instead of absent"
    request = {"type": "topic_set", "request": REQUEST}
    named = _frame(request | {"proof": proof, "topic": "build._-9"})
    yield "topic_set, topic", named, "a field that is not named: the list says it"
    for kind in ("topic_create", "topic_join", "topic_leave", "topic_rekey", "topic_members_get"):
        good = topic_request(kind, **({"counter": 1} if kind == "topic_rekey" else {}))
        yield f"{kind}, topic with #", _frame(good | {"topic": "#build"}), "no topic name"
        yield f"{kind}, request a name", _frame(good | {"request": "first"}), "no ULID"
    yield "topic_join, proof", _frame(topic_request("topic_join", proof=proof)), "a field that is not named"
    yield "topic_join, since null", _frame(topic_request("topic_join", since=None)), "null instead of absent"
    yield "topic_join, since negative", _frame(topic_request("topic_join", since=-1)), "from 0"
    yield "topic_leave, since", _frame(topic_request("topic_leave", since=1)), "a field that is not named"
    yield "topic_join, topic of 65", _frame(topic_request("topic_join", topic="a" * 65)), "no topic name"
    yield "topic_join, topic empty", _frame(topic_request("topic_join", topic="")), "no topic name"
    yield "topic_rekey, counter 0", _frame(topic_request("topic_rekey", counter=0)), "from 1"
    yield "topic_rekey, counter with a fraction", _frame(topic_request("topic_rekey", counter=1.5)), "no integer"
    for name, after, why in (("null", None, "null instead of absent"), ("a name", "laptop", "no ULID")):
        yield f"topic_members_get, after {name}", _frame(topic_request("topic_members_get", after=after)), why
    yield "topic, joined a number", _frame(topic_state(joined=1)), "no boolean"
    yield "topic, negative min_epoch", _frame(topic_state(min_epoch=-1)), "from 0"
    yield "topic, negative epoch", _frame(topic_state(epoch=-1)), "from 0"
    yield "topic, request", _frame(topic_state(request=REQUEST)), "a field that is not named"
    yield "topic_gone, topic with a space", _frame({"type": "topic_gone", "topic": "a b"}), "no topic name"
    answer = {"type": "topic_answer", "request": REQUEST}
    yield "topic_answer, code null", _frame(answer | {"code": None}), "null instead of absent"
    yield "topic_answer, code empty", _frame(answer | {"code": ""}), "no code"
    yield "topic_answer, code of 65", _frame(answer | {"code": "a" * 65}), "no code"
    yield "topic_answer, code with a capital", _frame(answer | {"code": "Unknown"}), "no code"
    page = {"type": "topic_members", "request": REQUEST, "members": [PHONE], "more": False}
    yield "topic_members, 257", _frame(page | {"members": _ulids(257)}), "at most 256"
    yield "topic_members, a member twice", _frame(page | {"members": [PHONE, PHONE]}), "members are unique"
    yield "topic_members, a name", _frame(page | {"members": ["phone"]}), "no ULID"
    yield "topic_members, more a number", _frame(page | {"more": 0}), "no boolean"


def _ulids(count: int) -> list[str]:
    return [encodings.ulid(n, bytes(10)) for n in range(count)]
