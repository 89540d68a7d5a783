"""Vectors/kindred/statements.json against docs/protocol/statements.md."""

import hashlib
import json

import plain
import pytest
from vectors import named, ours

from kindred_wire import encodings, messages, registry, statements

FILE = ours("statements.json")
KEYS = FILE["keys"]
ROTATIONS = [entry for entry in FILE["valid"] if entry["kind"] == "rotation"]
SUCCESSIONS = [entry for entry in FILE["valid"] if entry["kind"] == "succession"]
SIGNED_ONCE = [entry for entry in FILE["valid"] if entry["kind"] not in ("rotation", "succession")]


def decode(kind: str, data: bytes):
    if kind == "record":
        return registry.decode_record(data)
    if kind == "receipt":
        return messages.decode_inner(data)
    return statements.decode(kind, data)


def data_of(entry: dict) -> bytes:
    return entry["bytes"].encode() if "bytes" in entry else bytes.fromhex(entry["bytes_hex"])


@pytest.mark.parametrize("name", KEYS)
def test_public_keys_follow_from_their_seeds(name):
    assert plain.ed25519_public(KEYS[name]["seed"]) == KEYS[name]["public"]
    assert plain.x25519_public(FILE["x25519"][name]["secret"]) == FILE["x25519"][name]["public"]


@pytest.mark.parametrize("entry", named(FILE["valid"]))
def test_a_valid_statement_is_its_own_canonical_form(entry):
    assert decode(entry["kind"], entry["canonical"].encode()) == json.loads(entry["canonical"])
    assert plain.canonical(entry["canonical"]) == entry["canonical"]
    assert plain.without_signatures(entry["canonical"]) == entry["unsigned"]
    assert hashlib.sha256(entry["canonical"].encode()).hexdigest() == entry["sha256"]


@pytest.mark.parametrize("entry", named(SIGNED_ONCE))
def test_a_signature_is_the_one_key_and_domain_give(entry):
    seed = KEYS[entry["signer"]]["seed"]
    assert plain.ed25519_signature(seed, entry["domain"], entry["unsigned"]) == entry["signature"]
    carried = json.loads(entry["canonical"]).get("sig")
    assert carried == (None if entry["kind"] == "hello" else entry["signature"])


@pytest.mark.parametrize("entry", named(ROTATIONS))
def test_a_rotation_is_signed_by_the_old_key_and_the_new(entry):
    value = json.loads(entry["canonical"])
    for which in ("old", "new"):
        key = KEYS[entry[f"signer_{which}"]]
        signature = plain.ed25519_signature(key["seed"], entry["domain"], entry["unsigned"])
        assert value[f"sig_{which}"] == entry[f"signature_{which}"] == signature
        assert value[f"{which}_ed25519"] == key["public"]


@pytest.mark.parametrize("entry", named(SUCCESSIONS))
def test_a_succession_is_signed_by_both_wallets_and_the_speaker(entry):
    value = json.loads(entry["canonical"])
    for which in ("old", "new", "member"):
        key = KEYS[entry[f"signer_{which}"]]
        signature = plain.ed25519_signature(key["seed"], entry["domain"], entry["unsigned"])
        assert value[f"sig_{which}"] == entry[f"signature_{which}"] == signature
    assert value["mesh"] == "home@" + encodings.base58_encode(bytes.fromhex(KEYS[entry["signer_old"]]["public"]))
    assert value["successor"] == encodings.base58_encode(bytes.fromhex(KEYS[entry["signer_new"]]["public"]))


@pytest.mark.parametrize("entry", named(FILE["valid"]))
def test_the_domain_is_named_after_the_statement(entry):
    name = "message" if entry["kind"] == "receipt" else entry["kind"]
    assert entry["domain"] == f"kindred/{name}/v1"


@pytest.mark.parametrize("entry", named(FILE["invalid"]))
def test_an_invalid_statement_is_refused(entry):
    with pytest.raises(encodings.Refused):
        decode(entry["kind"], data_of(entry))


@pytest.mark.parametrize("entry", named(FILE["valid"]))
def test_no_statement_cut_short_is_accepted(entry):
    data = entry["canonical"].encode()
    for cut in range(0, len(data), 7):
        with pytest.raises(encodings.Refused):
            decode(entry["kind"], data[:cut])


@pytest.mark.parametrize("group", FILE["revocation_heads"])
def test_a_revocation_head_does_not_depend_on_the_order_of_entries(group):
    hashes = sorted(hashlib.sha256(entry.encode()).digest() for entry in group["entries"])
    assert group["head"] == {"hash": hashlib.sha256(b"".join(hashes)).hexdigest(), "n": len(hashes)}
    entries = [json.loads(entry) for entry in reversed(group["entries"])]
    assert statements.revocation_head(entries) == group["head"]


@pytest.mark.parametrize("group", FILE["settings_orders"], ids=lambda group: group["name"])
def test_of_settings_the_highest_number_time_and_hash_hold(group):
    def rank(text):
        value = json.loads(text)
        return value["seq"], value["at"], hashlib.sha256(text.encode()).digest()

    assert group["holds"] == max(group["settings"], key=rank)
    for order in (group["settings"], group["settings"][::-1]):
        assert statements.newest_settings([json.loads(text) for text in order]) == json.loads(group["holds"])


@pytest.mark.parametrize(
    "origin",
    [
        "https://kin.example:443",
        "http://kin.example:80",
        "https://Kin.example",
        "ws://kin.example",
        "https://kin.example/",
    ]
    + ["https://", "kin.example", "https://kin.example:0443", "https://user@kin.example", "http://[::1]:80"],
)
def test_a_hello_names_the_origin_in_one_way_only(origin):
    hello = json.loads(next(entry for entry in FILE["valid"] if entry["kind"] == "hello")["canonical"])
    with pytest.raises(encodings.Refused):
        statements.check("hello", hello | {"origin": origin})


def test_names_are_not_used_twice():
    names = [entry["name"] for entry in FILE["valid"] + FILE["invalid"]]
    assert len(names) == len(set(names))
