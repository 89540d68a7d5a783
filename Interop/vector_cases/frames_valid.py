"""Every type of frame, valid, with each optional field present and absent."""

from kindred_wire import encodings, frames, keys
from kindred_wire import statements as s

from . import actors as a
from . import messages_valid, statements_valid

MAX = encodings.MAX_INTEGER
LAPTOP, PHONE = a.member("laptop"), a.member("phone")
CHAIN = [a.certificate(a.LAPTOP)]
ISSUED = [a.issuer(), a.issued(a.PHONE, scopes=["send", "topic:build"])]
LONGEST = [a.issuer(), a.issued(a.LAPTOP)] + a.rotations(6)
REQUEST = encodings.ulid(a.NOW, a.digest("request"))
EPOCH = {"counter": 3, "minter": LAPTOP}
DM = {"kind": "dm", "ref": PHONE}
TOPIC = {"kind": "topic", "ref": "build._-9"}
LONG_ID = "Az09._:-" * 8


def send_fields(**changes) -> dict:
    return {
        "type": "send",
        "client_message_id": encodings.ulid(a.NOW, a.digest("message")),
        "destination": DM,
        "line": a.digest_hex("line")[:16],
        "priority": "next",
        "request_fingerprint": a.digest_hex("fingerprint"),
        "seq": 1,
    } | changes


def push_fields(**changes) -> dict:
    fields = send_fields(type="push", broker_message_id=1, sender=LAPTOP, sent_at=a.NOW)
    del fields["request_fingerprint"]
    return fields | changes


def history_item_fields(**changes) -> dict:
    return push_fields(type="history_item", request=REQUEST, **changes)


def ack_fields(**changes) -> dict:
    ids = {"broker_message_id": 7, "history_id": 7, "client_message_id": "build:42"}
    return {"type": "ack", "duplicate": False} | ids | changes


def nack_fields(code: str, **changes) -> dict:
    retryable = frames.NACK_CODES[code]
    return {"type": "nack", "client_message_id": "build:42", "code": code, "retryable": retryable} | changes


def hello_fields(chain=CHAIN, signer=a.LAPTOP, **changes) -> dict:
    """Rightly signed over what it says, at https://kin.example, after the challenge of session_cases."""
    shared = ("capabilities", "mesh", "revocation_head", "timestamp")
    statement = a.hello_fields(chain) | {name: changes[name] for name in shared if name in changes}
    signature = keys.sign(signer.seed, s.domain("hello"), s.unsigned(statement)).hex()
    header = {name: statement[name] for name in shared}
    return header | {"type": "hello", "chain": chain, "signature": signature} | changes


def version_one(**params) -> dict:
    return {"params": {"version": 1} | params}


SUPPORTED = {
    "client_message_id_dedupe": version_one(mode="retention_scoped", dedupe_window_hours=168, request_fingerprint=True),
    "concurrent_connection_policy": version_one(default_policy="prefer_newest"),
    "member_keypair_rotated_event": version_one(),
    "key_epoch": version_one(max_concurrent_epochs=4),
    "max_payload": version_one(inline_bytes=65_536, blob_bytes=524_288_000),
}
PERMANENT = SUPPORTED | {"client_message_id_dedupe": version_one(mode="permanent", request_fingerprint=True)}


def revocations_header(size: int) -> dict:
    """A `revocations` header of exactly `size` bytes: 16 entries, filled up by what they keep and their reasons."""
    entries = [{"keep": [], "reason": ""} for _ in range(16)]
    missing = size - len(encodings.canonical(_revocations(entries)))
    for entry in entries:
        kept = min(10, max(0, (missing - 16 * 200) // 67 + 1))
        entry["keep"] = [a.digest_hex(f"keep/{n}") for n in range(kept)]
        missing = size - len(encodings.canonical(_revocations(entries)))
    for entry in entries:
        entry["reason"] = "x" * min(200, missing)
        missing -= len(entry["reason"])
    return _revocations(entries)


def _revocations(entries: list[dict]) -> dict:
    return {"type": "revocations", "entries": [[a.revocation(**changes)] for changes in entries]}


def proof(entry: dict) -> list[dict]:
    """A revocation as it travels."""
    return [entry] if entry["author"] == "wallet" else [a.issuer(), entry]


def session_cases():
    yield (
        "challenge",
        {"type": "challenge", "nonce": a.digest_hex("challenge"), "protocol_version": 1, "server_time": a.NOW},
    )
    yield (
        "challenge, largest time",
        {"type": "challenge", "nonce": "00" * 32, "protocol_version": 1, "server_time": MAX},
    )
    yield "hello", hello_fields()
    yield "hello, issued, empty lists", hello_fields(ISSUED, a.PHONE, capabilities=[])
    yield (
        "hello, longest chain, 32 capabilities",
        hello_fields(
            LONGEST,
            a.LAPTOPS[6],
            capabilities=[f"c{n}_" + "x" * 60 for n in range(10)] + [f"d{n}" for n in range(22)],
            revocation_head={"hash": a.digest_hex("head"), "n": MAX},
            timestamp=MAX,
        ),
    )
    wanted = ["client_message_id_dedupe", "concurrent_connection_policy"]
    yield "features asked", {"type": "feature_negotiation_request", "optional": ["max_payload"], "require": wanted}
    yield "no features asked", {"type": "feature_negotiation_request", "optional": [], "require": []}
    response = {"type": "feature_negotiation_response", "missing_required": []}
    yield "features answered", response | {"supported": SUPPORTED}
    yield "features answered, permanent", response | {"supported": PERMANENT}
    yield "features missing", response | {"missing_required": ["mcp_host"], "supported": {}}
    yield (
        "ready",
        {
            "type": "ready",
            "member": LAPTOP,
            "session": a.digest_hex("session")[:16],
            "store": a.digest_hex("store")[:32],
            "last_message_id": 4_711,
        },
    )


def member_cases():
    yield "member, online", {"type": "member", "chain": CHAIN, "online": True}
    yield "member, offline, longest chain", {"type": "member", "chain": LONGEST, "online": False}
    yield "members_end", {"type": "members_end", "version": 12}
    yield "members_end, version 0", {"type": "members_end", "version": 0}
    yield "members_end, largest version", {"type": "members_end", "version": MAX}
    yield "member_put", {"type": "member_put", "chain": ISSUED}
    yield "member_joined", {"type": "member_joined", "chain": ISSUED, "online": True, "version": 13}
    rotated = {"type": "member_keypair_rotated", "chain": CHAIN + a.rotations(1), "member": LAPTOP, "version": 14}
    yield "member_keypair_rotated", rotated
    for name in ("member_left", "member_revoked", "peer_join", "peer_leave"):
        yield name, {"type": name, "member": PHONE, "version": 15}


def message_cases():
    sealed = bytes.fromhex(messages_valid.sealed("minimal", messages_valid.inner())["sealed_hex"])
    now = {"priority": "now", "seq": MAX, "client_message_id": LONG_ID}
    largest = {"counter": MAX, "minter": "7" + "Z" * 25}
    yield "send, DM", send_fields(), sealed
    yield "send, DM, expiring", send_fields(expires_at=a.NOW + a.DAY, priority="low"), sealed
    yield "send, topic, epoch", send_fields(destination=TOPIC, epoch=EPOCH), sealed
    yield (
        "send, topic, everything largest",
        send_fields(destination={"kind": "topic", "ref": "z" * 64}, epoch=largest, expires_at=MAX, **now),
        sealed,
    )
    yield "send, body of one byte", send_fields(), b"\0"
    yield "ack", ack_fields()
    yield "ack, duplicate", ack_fields(duplicate=True, first_seen_at=a.NOW)
    yield (
        "ack, everything largest",
        ack_fields(duplicate=True, first_seen_at=MAX, broker_message_id=MAX, history_id=MAX, client_message_id=LONG_ID),
    )
    for code in frames.NACK_CODES:
        more = {"stored_fingerprint": a.digest_hex("fingerprint")[:16]} if code == "idempotency_key_reused" else {}
        yield f"nack, {code}", nack_fields(code, **more)
    yield "nack, rate_limited, later", nack_fields("rate_limited", retry_after_ms=1500)
    yield "nack, storage_full, much later", nack_fields("storage_full", retry_after_ms=MAX)
    yield "push, DM", push_fields(), sealed
    yield "push, topic, epoch", push_fields(destination=TOPIC, epoch=EPOCH), sealed
    yield (
        "push, everything largest",
        push_fields(destination=TOPIC, epoch=largest, broker_message_id=MAX, sent_at=MAX, **now),
        sealed,
    )
    yield "history_item, DM", history_item_fields(), sealed
    yield "history_item, topic, epoch", history_item_fields(destination=TOPIC, epoch=EPOCH), sealed


def other_cases():
    results = [[n, frames.CLIENT_ACK_RESULTS[n % 4]] for n in range(256)]
    yield "client_ack, each result", {"type": "client_ack", "results": results[:4]}
    yield "client_ack, one", {"type": "client_ack", "results": [[MAX, "stored"]]}
    yield "client_ack, 256", {"type": "client_ack", "results": results}
    history = {"type": "history", "request": REQUEST}
    yield "history, DM", history | {"dm": PHONE, "limit": 1}
    yield "history, topic, before", history | {"topic": "build", "limit": 256, "before": MAX}
    yield "history, DM, before", history | {"dm": PHONE, "limit": 50, "before": 0}
    yield "history, topic", history | {"topic": "z" * 64, "limit": 50}
    yield "history_end", {"type": "history_end", "request": REQUEST}
    yield "history_end, before", {"type": "history_end", "before": 4711, "request": REQUEST}
    yield "history_end, largest before", {"type": "history_end", "before": MAX, "request": REQUEST}
    yield "credential", {"type": "credential", "credential": a.credential()}
    yield "credential, for many guests", {"type": "credential", "credential": a.credential(role="guest", uses=10_000)}
    yield "revocations_get, none", {"type": "revocations_get", "have": []}
    hashes = [a.digest_hex(f"entry/{n}") for n in range(244)]
    yield "revocations_get, 244, near the header's limit", {"type": "revocations_get", "have": hashes}
    yield "revocations, none", {"type": "revocations", "entries": []}
    yield (
        "revocations, by wallet and issuer",
        {"type": "revocations", "entries": [proof(value) for _, value, _ in statements_valid.revocations()][:3]},
    )
    yield "revocations, 16, a header of 16,384 bytes", revocations_header(frames.MAX_HEADER)
    handover = {"type": "succession", "succession": a.succession(), "owner": CHAIN}
    yield "succession", handover | {"drained": False}
    yield "succession, drained, rotated", handover | {"owner": CHAIN + a.rotations(2), "drained": True}
    yield "settings", {"type": "settings", "settings": a.settings(), "owner": CHAIN}
    rotated = {"settings": a.settings(a.LAPTOPS[2], seq=MAX, at=MAX), "owner": CHAIN + a.rotations(2)}
    yield "settings, largest numbers, rotated", {"type": "settings"} | rotated
    yield "error", {"type": "error", "code": "unauthorized", "message": "signature"}
    yield "error, ref", {"type": "error", "code": "invalid_message", "message": "", "ref": "member_put"}
    yield (
        "error, message of 512 bytes",
        {"type": "error", "code": "clock_skew", "message": "\u20ac" * 170 + "xx", "ref": "hello"},
    )


def topic_proof(chain: list[dict] = CHAIN, **changes) -> dict:
    """A list as it travels."""
    return {"list": a.topic(**changes), "signer": chain}


def topic_request(kind: str, **changes) -> dict:
    return {"type": kind, "request": REQUEST, "topic": "build._-9"} | changes


def topic_state(**changes) -> dict:
    fields = {"joined": True, "min_epoch": 0, "epoch": 0}
    return {"type": "topic", "topic": "build._-9"} | fields | changes


def topic_cases():
    many = [encodings.ulid(n, a.digest(f"named/{n}")) for n in range(256)]
    yield "topic_create", topic_request("topic_create")
    yield "topic_create, private", topic_request("topic_create", proof=topic_proof())
    longest = {"topic": "z" * 64, "proof": topic_proof(topic="z" * 64, members=many)}
    yield "topic_create, private, 256 members, longest name", topic_request("topic_create", **longest)
    yield "topic_join", topic_request("topic_join")
    yield "topic_join, since", topic_request("topic_join", since=a.NOW)
    yield "topic_leave", topic_request("topic_leave")
    yield "topic_set", {"type": "topic_set", "request": REQUEST, "proof": topic_proof(seq=2)}
    handed_on = topic_proof(CHAIN + a.rotations(2), signer=a.LAPTOPS[2], creator=PHONE, seq=MAX, at=MAX, members=[])
    yield "topic_set, by an owner, rotated, of nobody", {"type": "topic_set", "request": REQUEST, "proof": handed_on}
    yield "topic_rekey", topic_request("topic_rekey", counter=1)
    yield "topic_rekey, largest counter", topic_request("topic_rekey", counter=MAX)
    yield "topic_members_get", topic_request("topic_members_get")
    yield "topic_members_get, after", topic_request("topic_members_get", after=LAPTOP)
    yield "topic", topic_state()
    yield "topic, private, not joined", topic_state(joined=False, proof=topic_proof())
    yield "topic, largest epochs", topic_state(topic="all", min_epoch=MAX, epoch=MAX)
    yield "topic_gone", {"type": "topic_gone", "topic": "build._-9"}
    yield "topics_end", {"type": "topics_end"}
    yield "topic_answer, done", {"type": "topic_answer", "request": REQUEST}
    for code in TOPIC_CODES:
        yield f"topic_answer, {code}", {"type": "topic_answer", "request": REQUEST, "code": code}
    page = {"type": "topic_members", "request": REQUEST}
    yield "topic_members", page | {"members": [LAPTOP, PHONE], "more": False}
    yield "topic_members, none", page | {"members": [], "more": False}
    yield "topic_members, 256, and more", page | {"members": many, "more": True}


TOPIC_CODES = (
    "topic_exists",
    "unknown_topic",
    "topic_not_allowed",
    "topic_limit",
    "topic_invalid",
    "topic_outdated",
    "topic_everybody",
    "epoch_ahead",
    "storage_unavailable",
)


def cases():
    for group in (session_cases, member_cases, message_cases, other_cases, topic_cases):
        for name, header, *body in group():
            yield name, header, (body or [b""])[0]


def entry(name: str, header: dict, body: bytes) -> dict:
    frame = frames.encode(frames.Frame(header, body))
    shown = {"name": name, "type": header["type"], "header": a.text(header)}
    return shown | {"body_hex": body.hex(), "frame_hex": frame.hex()}


def valid() -> list[dict]:
    return [entry(*case) for case in cases()]
