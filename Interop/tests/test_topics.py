"""Vectors/kindred/topics.json against docs/protocol/mesh.md, messages.md and statements.md."""

import json

import plain
import pytest
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_encrypt
from vectors import named, ours

from kindred_wire import encodings, frames, topics
from kindred_wire.chain import split, verify

FILE = ours("topics.json")
NOW = 1_767_225_600_000


def sender_keys(entry: dict) -> list[str]:
    """Every key of the sender's chain, the certified one first."""
    chain = json.loads(entry["sender"])
    _, certificate, rotations = split(chain)
    verify(chain, certificate["mesh"], NOW)
    return [certificate["ed25519"]] + [rotation["new_ed25519"] for rotation in rotations]


def opened(entry: dict) -> dict:
    mesh = split(json.loads(entry["reader"]))[1]["mesh"]
    keys = [bytes.fromhex(key) for key in entry["keys"]]
    header = json.loads(entry["header"])
    return topics.open_post(bytes.fromhex(entry["body_hex"]), header, keys, mesh, sender_keys(entry))


@pytest.mark.parametrize("entry", named(FILE["posts"]))
def test_a_post_opens_to_its_inner_form(entry):
    assert opened(entry) == json.loads(entry["inner"])


@pytest.mark.parametrize("entry", named(FILE["posts"]))
def test_a_post_is_padded_and_sealed_with_what_it_is_bound_to(entry):
    header, data = json.loads(entry["header"]), entry["inner"].encode()
    bound = {
        "domain": "kindred/topic-post/v1",
        "mesh": json.loads(entry["inner"])["mesh"],
        "topic": header["destination"]["ref"],
        "epoch": header["epoch"],
        "sender": header["sender"],
    }
    assert plain.canonical(json.dumps(bound)) == entry["additional"]
    blocks = [*range(64, 1025, 64)] if len(data) < 1024 else [*range(2048, len(data) + 1025, 1024)]
    length = next(count for count in blocks if count > len(data))
    padded, nonce = data + b"\x80" + bytes(length - len(data) - 1), bytes.fromhex(entry["nonce"])
    key = bytes.fromhex(entry["keys"][-1])
    sealed = crypto_aead_xchacha20poly1305_ietf_encrypt(padded, entry["additional"].encode(), nonce, key)
    assert (nonce + sealed).hex() == entry["body_hex"]


@pytest.mark.parametrize("entry", named(FILE["posts"] + FILE["unopenable"]))
def test_the_header_of_a_post_is_a_frames(entry):
    header = entry["header"].encode()
    data = len(header).to_bytes(4, "big") + header + bytes.fromhex(entry["body_hex"])
    assert frames.decode(data).header == json.loads(entry["header"])


@pytest.mark.parametrize("entry", named(FILE["unopenable"]))
def test_a_post_that_is_lent_damaged_or_forged_is_refused(entry):
    with pytest.raises(encodings.Refused) as refusal:
        opened(entry)
    assert refusal.value.code == entry["fault"]


@pytest.mark.parametrize("entry", named(FILE["proofs"]))
def test_a_list_is_believed_or_refused_for_its_fault(entry):
    proof = json.loads(entry["proof"])
    assert topics.is_topic_proof(proof)
    if entry["why"] is None:
        topics.verify_proof(proof, entry["mesh"], entry["now"])
    else:
        with pytest.raises(encodings.Refused) as refusal:
            topics.verify_proof(proof, entry["mesh"], entry["now"])
        assert refusal.value.code == entry["why"]


def test_every_fault_has_a_list():
    faults = {"wrong_mesh", "signer_invalid", "not_entitled", "wrong_time", "bad_signature"}
    assert {entry["why"] for entry in FILE["proofs"]} == faults | {None}


@pytest.mark.parametrize("group", named(FILE["orders"]))
def test_of_lists_the_highest_number_time_and_text_hold(group):
    def rank(text):
        value = json.loads(text)
        return value["seq"], value["at"], text.encode()

    assert group["holds"] == max(group["lists"], key=rank)
    for order in (group["lists"], group["lists"][::-1]):
        assert topics.newest_list([json.loads(text) for text in order]) == json.loads(group["holds"])


def test_a_list_decides_alone_who_may_use_a_private_topic():
    private = [entry for entry in FILE["rights"] if entry["list"] is not None]
    assert private and all(entry["allowed"] == entry["list"] for entry in private)


def test_without_scopes_for_topics_all_but_guests_may_use_every_open_one():
    without = [
        entry
        for entry in FILE["rights"]
        if entry["list"] is None and not any(scope.startswith("topic:") for scope in entry["scopes"])
    ]
    assert without and all(entry["allowed"] == (entry["role"] != "guest") for entry in without)


def test_scopes_for_topics_leave_those_named_and_all():
    limited = [
        entry
        for entry in FILE["rights"]
        if entry["list"] is None and any(scope.startswith("topic:") for scope in entry["scopes"])
    ]
    for entry in limited:
        is_named = f"topic:{entry['topic']}" in entry["scopes"]
        assert entry["allowed"] == (is_named or entry["topic"] == "all" and entry["role"] != "guest")
    assert {entry["allowed"] for entry in limited} == {True, False}


def test_the_creator_and_owners_sign_the_next_list():
    assert len(FILE["settings"]) == 8
    for entry in FILE["settings"]:
        assert entry["allowed"] == (entry["creator"] or entry["role"] == "owner")


@pytest.mark.parametrize("entry", named(FILE["bodies"]))
def test_a_body_is_read_or_refused(entry):
    data = entry["body"].encode()
    if entry["valid"]:
        assert encodings.canonical(topics.decode_body(entry["kind"], data)) == data
    else:
        with pytest.raises(encodings.Refused):
            topics.decode_body(entry["kind"], data)


@pytest.mark.parametrize("list_name", ["proofs", "orders", "bodies", "posts", "unopenable"])
def test_names_are_not_used_twice(list_name):
    names = [entry["name"] for entry in FILE[list_name]]
    assert len(names) == len(set(names))
