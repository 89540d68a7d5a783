"""Vectors/kindred/files.json against docs/protocol/files.md."""

import hashlib
import json

import pytest
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_encrypt
from vectors import named, ours

from kindred_wire import encodings, files

FILE = ours("files.json")


def plaintext(size: int) -> bytes:
    return (bytes(range(251)) * (size // 251 + 1))[:size]


def sealed_file(entry: dict) -> bytes:
    """Built here chunk by chunk, by the page alone."""
    data, key, out = plaintext(entry["size"]), bytes.fromhex(entry["key"]), b""
    for index, chunk in enumerate(entry["chunks"]):
        last = index == len(entry["chunks"]) - 1
        bound = b"kindred/file/v1\0" + entry["file"].encode() + index.to_bytes(8, "big")
        bound += (b"\1" if last else b"\0") + entry["mesh"].encode()
        assert bound.hex() == chunk["additional_data"]
        nonce = bytes.fromhex(chunk["nonce"])
        part = data[index * 65_536 : (index + 1) * 65_536]
        sealed = nonce + crypto_aead_xchacha20poly1305_ietf_encrypt(part, bound, nonce, key)
        assert hashlib.sha256(sealed).hexdigest() == chunk["sha256"]
        out += sealed
    return out


@pytest.mark.parametrize("entry", named(FILE["sealed"]))
def test_a_sealed_file_is_its_chunks_one_after_another(entry):
    data = sealed_file(entry)
    assert hashlib.sha256(data).hexdigest() == entry["sealed_sha256"]
    opened = files.open_sealed(data, entry["size"], bytes.fromhex(entry["key"]), entry["mesh"], entry["file"])
    assert hashlib.sha256(opened).hexdigest() == entry["plaintext_sha256"]


@pytest.mark.parametrize("entry", named(FILE["sealed"]))
def test_no_chunk_opens_elsewhere(entry):
    data, key, size = sealed_file(entry), bytes.fromhex(entry["key"]), entry["size"]
    changed = [data[:-1], data + b"\0", data[:30] + bytes([data[30] ^ 1]) + data[31:]]
    if len(entry["chunks"]) > 2:
        changed.append(data[65_576:131_152] + data[:65_576] + data[131_152:])
    for other in changed:
        with pytest.raises(encodings.Refused):
            files.open_sealed(other, size, key, entry["mesh"], entry["file"])
    with pytest.raises(encodings.Refused):
        files.open_sealed(data, size, key, entry["mesh"] + "x", entry["file"])
    if size == 131_072:
        with pytest.raises(encodings.Refused):
            files.open_sealed(data[:65_576], 65_536, key, entry["mesh"], entry["file"])


@pytest.mark.parametrize("entry", named(FILE["messages"]))
def test_a_message_of_a_file_is_read_or_refused(entry):
    if entry["valid"]:
        assert files.decode_message(entry["body"].encode()) == json.loads(entry["body"])
    else:
        with pytest.raises(encodings.Refused):
            files.decode_message(entry["body"].encode())


@pytest.mark.parametrize("kind", ["enclosure", "content"])
def test_what_does_not_fit_is_read_or_refused(kind):
    decode = getattr(files, f"decode_{kind}")
    for entry in FILE[f"{kind}s"]:
        if entry["valid"]:
            assert decode(entry["body"].encode()) == json.loads(entry["body"]), entry["name"]
        else:
            with pytest.raises(encodings.Refused):
                decode(entry["body"].encode())


@pytest.mark.parametrize("entry", named(FILE["names"]))
def test_a_name_is_taken_or_refused(entry):
    assert files.file_name(entry["text"]) == entry["valid"]


@pytest.mark.parametrize("entry", named(FILE["sizes"]))
def test_sizes_follow_from_chunks(entry):
    size = entry["size"]
    assert entry["chunks"] == max(1, (size + 65_535) // 65_536)
    assert entry["sealed_size"] == size + 40 * entry["chunks"]
    assert entry["last"] == size - 65_536 * (entry["chunks"] - 1)


def test_a_sealed_size_is_one_that_some_file_has():
    possible = {size + 40 * max(1, -(-size // 65_536)) for size in range(140_000)}
    for size in range(140_000):
        assert files.is_sealed_size(size) == (size in possible)
    for entry in FILE["sealed_sizes"]:
        assert (entry["size"] in possible) == entry["valid"]
