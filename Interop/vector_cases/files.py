"""Vectors/kindred/files.json."""

import hashlib

from kindred_wire import encodings, files

from . import actors as a

MESH = f"home@{a.address(a.WALLET)}"
FILE = encodings.ulid(a.NOW, a.digest("file")[:10])
KEY = a.digest("file-key")
SIZES = [0, 1, 65_535, 65_536, 65_537, 131_072, 131_073, 524_288_000, 2**31, 2**53 - 1]


def plaintext(size: int) -> bytes:
    return bytes(index % 251 for index in range(size))


def message(**changes) -> dict:
    return {
        "v": 1,
        "file": FILE,
        "name": "report.pdf",
        "size": 131_073,
        "sha256": hashlib.sha256(plaintext(131_073)).hexdigest(),
        "key": KEY.hex(),
        "expires_at": a.NOW + 30 * 86_400_000,
        "media_type": "application/pdf",
        "message": "as promised",
    } | changes


def messages() -> list[dict]:
    valid = {
        "whole": message(),
        "nothing that may be left out": message(expires_at=None, media_type=None, message=None),
        "empty": message(size=0),
        "largest size": message(size=2**53 - 1),
        "a name of 255 bytes": message(name="\u00e9" * 127 + "x"),
        "a hidden name": message(name=".profile"),
        "a name with spaces and quotes": message(name='a "b" \\c\u200d.txt'),
        "words of 4096 bytes": message(message="x" * 4096),
        "words of several lines": message(message="a\n\tb\u0000"),
    }
    without_name = {name: value for name, value in message().items() if name != "name"}
    refused = {
        "another version": message(v=2),
        "no name": without_name,
        "a path": message(name="a/b"),
        "two dots": message(name=".."),
        "a name with a line end": message(name="a\nb"),
        "a name of 256 bytes": message(name="\u00e9" * 128),
        "an empty name": message(name=""),
        "a size below zero": message(size=-1),
        "a short key": message(key=KEY.hex()[:62]),
        "a key in capitals": message(key=KEY.hex().upper()),
        "a short hash": message(sha256="00"),
        "words of 4097 bytes": message(message="x" * 4097),
        "an empty media type": message(media_type=""),
        "a media type with a line end": message(media_type="a\nb"),
        "an unknown field": message(server="https://kin.example"),
        "a file that is no ULID": message(file="report"),
        "a time as text": message(expires_at="1"),
    }
    accepted = [{"name": name, "body": a.text(value), "valid": True} for name, value in valid.items()]
    bodies = {name: a.text(value) for name, value in refused.items()}
    bodies["a size of 2^53"] = a.text(message()).replace('"size":131073', '"size":9007199254740992')
    return accepted + [{"name": name, "body": body, "valid": False} for name, body in bodies.items()]


def enclosure(**changes) -> dict:
    content = a.text(content_of()).encode()
    return {
        "v": 1,
        "file": FILE,
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "key": KEY.hex(),
    } | changes


def content_of(**changes) -> dict:
    return {"v": 1, "content_type": "text/plain", "meta": None, "body": "0123456789" * 7_000} | changes


def judged(accepted: dict, refused: dict) -> list[dict]:
    entries = [{"name": name, "body": a.text(value), "valid": True} for name, value in accepted.items()]
    return entries + [{"name": name, "body": a.text(value), "valid": False} for name, value in refused.items()]


def enclosures() -> list[dict]:
    return judged(
        {"as sent": enclosure(), "one byte": enclosure(size=1), "largest": enclosure(size=2 << 20)},
        {
            "another version": enclosure(v=2),
            "nothing": enclosure(size=0),
            "too large": enclosure(size=(2 << 20) + 1),
            "a short key": enclosure(key=KEY.hex()[:62]),
            "a hash in capitals": enclosure(sha256=KEY.hex().upper()),
            "a file that is no ULID": enclosure(file="report"),
            "a name": enclosure(name="report.pdf"),
        },
    )


def contents() -> list[dict]:
    nested = {"a": [[[[[[1]]]]]]}
    return judged(
        {
            "large": content_of(),
            "empty": content_of(body=""),
            "with meta": content_of(meta={"a": [1, None, "x"]}, body="\u00e9\u0000\n"),
            "meta of 8 levels": content_of(meta={"a": nested}, body=""),
            "another type": content_of(content_type="application/json", body="{}"),
        },
        {
            "another version": content_of(v=2),
            "meta of 9 levels": content_of(meta={"a": {"a": nested}}, body=""),
            "meta that is no object": content_of(meta=[], body=""),
            "an empty type": content_of(content_type="", body=""),
            "a receipt": content_of(content_type="application/vnd.kindred.receipt+json", body=""),
            "a file": content_of(content_type="application/vnd.kindred.file+json", body=""),
            "another enclosure": content_of(content_type="application/vnd.kindred.enclosed+json", body=""),
            "a sender": content_of(sender=FILE, body=""),
        },
    )


def names() -> list[dict]:
    good = ["a", "report (1).pdf", "..a", "a..", "...", " ", "\u00fcber.txt", "-rf", "~", "\U0001f600", "x" * 255, "a\\b"]
    bad = ["", ".", "..", "/", "a/b", "/etc/passwd", "../a", "a\0", "a\x1b[31m", "a\x7f", "a\u0085", "a\u202eb", "a\u2066b"]
    bad += ["a\u2028b", "\ufeffa", "a\u200fb", "a\u061cb", "x" * 256, "\n"]
    return [
        {"name": f"{kind} {index}", "text": text, "valid": kind == "taken"}
        for kind, texts in (("taken", good), ("refused", bad))
        for index, text in enumerate(texts)
    ]


def sizes() -> list[dict]:
    return [
        {
            "name": str(size),
            "size": size,
            "chunks": files.chunks(size),
            "sealed_size": files.sealed_size(size),
            "last": size - (files.chunks(size) - 1) * files.CHUNK,
        }
        for size in SIZES
    ]


def sealed_sizes() -> list[dict]:
    chosen = [0, 39, 40, 41, 65_575, 65_576, 65_577, 65_616, 65_617, 131_152, 131_153, 131_192, 131_193]
    return [{"name": str(size), "size": size, "valid": files.is_sealed_size(size)} for size in chosen]


def sealed() -> list[dict]:
    entries = []
    for size in (0, 1, 65_536, 65_537, 131_072, 131_073):
        nonces = [a.digest(f"file-nonce/{size}/{index}")[:24] for index in range(files.chunks(size))]
        data = files.seal(plaintext(size), KEY, MESH, FILE, nonces)
        parts = [data[start : start + files.SEALED_CHUNK] for start in range(0, len(data), files.SEALED_CHUNK)]
        entries.append(
            {
                "name": f"{size} bytes",
                "size": size,
                "key": KEY.hex(),
                "mesh": MESH,
                "file": FILE,
                "plaintext_sha256": hashlib.sha256(plaintext(size)).hexdigest(),
                "chunks": [
                    {
                        "nonce": nonce.hex(),
                        "additional_data": files.additional_data(MESH, FILE, index, index == len(parts) - 1).hex(),
                        "sha256": hashlib.sha256(part).hexdigest(),
                    }
                    for index, (nonce, part) in enumerate(zip(nonces, parts))
                ],
                "sealed_sha256": hashlib.sha256(data).hexdigest(),
            }
        )
    return entries


def build() -> dict:
    return {
        "messages": messages(),
        "enclosures": enclosures(),
        "contents": contents(),
        "names": names(),
        "sizes": sizes(),
        "sealed_sizes": sealed_sizes(),
        "sealed": sealed(),
    }
