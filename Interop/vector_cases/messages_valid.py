"""Inner forms and receipts, valid, at every length where the padding changes."""

from kindred_wire import encodings, messages

from . import actors as a


def inner_fields(**changes) -> dict:
    """From the laptop to the phone, unsigned."""
    return {
        "v": 1,
        "mesh": a.MESH,
        "sender": a.member("laptop"),
        "sender_name": "laptop",
        "recipient": a.member("phone"),
        "client_message_id": encodings.ulid(a.NOW, a.digest("message")),
        "line": a.digest_hex("line")[:16],
        "seq": 1,
        "priority": "next",
        "expires_at": None,
        "created_at": a.NOW,
        "reply_to": None,
        "mentions": None,
        "content_type": "text/plain",
        "meta": None,
        "body": "hello",
        "revocation_head": a.EMPTY_HEAD,
    } | changes


def inner(**changes) -> str:
    return a.text(messages.sign_inner(inner_fields(**changes), a.LAPTOP.seed))


def inner_of_length(length: int) -> str:
    """Filled up to `length` bytes by its body."""
    return inner(body="." * (length - len(inner(body=""))))


def receipt_fields(**changes) -> dict:
    ids = [encodings.ulid(a.NOW - 5, a.digest("first")), "build:42._-"]
    return {"at": a.NOW, "ids": ids, "kind": "delivered"} | changes


def receipt(**changes) -> str:
    return inner(
        content_type=messages.RECEIPT_TYPE,
        client_message_id=encodings.ulid(a.NOW, a.digest("receipt")),
        priority="low",
        body=a.text(receipt_fields(**changes)),
    )


def deep(levels: int) -> dict:
    """Objects in each other, `levels` of them, the innermost empty."""
    value = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


def forms() -> dict[str, str]:
    largest = encodings.MAX_INTEGER
    named = {
        "minimal": inner(),
        "empty body": inner(body=""),
        "every field set": inner(
            expires_at=a.NOW + a.DAY,
            reply_to="build:41._-",
            mentions=["phone", "a", "0-x"],
            content_type="application/json",
            meta={"trace": ["b", 1, None, True, 2.5], "a": {"\u00e9": "\U0001f600"}},
            body='{"ok":true}',
            priority="now",
        ),
        "largest numbers and lists": inner(
            seq=largest,
            created_at=largest,
            expires_at=largest,
            client_message_id="A" * 64,
            reply_to=":" * 64,
            sender_name="z" + "-" * 62,
            mentions=[f"device-{count}" for count in range(32)],
            content_type="t/" + "x" * 126,
            revocation_head={"hash": a.digest_hex("head"), "n": largest},
            meta=deep(8),
        ),
        "zero times": inner(created_at=0, expires_at=0),
        "empty mentions and meta": inner(mentions=[], meta={}),
        "to a topic": inner(recipient="#build._-9"),
        "body of every kind of character": inner(body='"\\/\b\f\n\r\t\0\x1f\x7f\u00e9\u20ac\u2028\ufeff\U0001f680'),
        "base64 body": inner(content_type="application/octet-stream", body="AAECAw=="),
        "receipt, delivered": receipt(),
        "receipt, refused": receipt(kind="refused", reason="wrong_time"),
        "receipt, read, 256 ids": receipt(kind="read", ids=[f"id-{count:03}" for count in range(256)]),
    }
    for length in (959, 960, 1023, 1024, 2047, 2048, 20_000):
        named[f"inner form of {length} bytes"] = inner_of_length(length)
    return named


def sealed(name: str, text: str) -> dict:
    nonce = a.digest(f"message-nonce/{name}")[:24]
    body = messages.seal(text.encode(), nonce, a.LAPTOP.secret, bytes.fromhex(a.PHONE.x25519))
    return {
        "name": name,
        "inner": text,
        "sender_ed25519_seed": a.LAPTOP.seed.hex(),
        "sender_x25519_secret": a.LAPTOP.secret.hex(),
        "recipient_x25519_secret": a.PHONE.secret.hex(),
        "nonce": nonce.hex(),
        "padded_length": messages.padded_length(len(text.encode())),
        "sealed_hex": body.hex(),
    }


def valid() -> list[dict]:
    return [sealed(name, text) for name, text in forms().items()]
