"""Vectors/kindred/chains.json against docs/protocol/statements.md, "Chain"."""

import hashlib
import json

import plain
import pytest
from vectors import named, ours

from kindred_wire import chain, encodings

FILE = ours("chains.json")
KEYS = ours("statements.json")["keys"]
VALID = [case for case in FILE["cases"] if case["valid"]]
INVALID = [case for case in FILE["cases"] if not case["valid"]]


def test_the_mesh_is_named_after_the_wallet():
    assert FILE["wallet"] == encodings.base58_encode(bytes.fromhex(KEYS["wallet"]["public"]))
    assert FILE["mesh"] == "home@" + FILE["wallet"]


@pytest.mark.parametrize("case", named(FILE["cases"]))
def test_a_chain_is_hashed_over_its_canonical_form(case):
    assert json.loads(case["chain_text"]) == case["chain"]
    assert plain.canonical(case["chain_text"]) == case["chain_text"]
    assert hashlib.sha256(case["chain_text"].encode()).hexdigest() == case["chain_sha256"]


@pytest.mark.parametrize("case", named(VALID))
def test_a_valid_chain_gives_its_device(case):
    device = chain.verify(case["chain"], case["mesh"], case["now"])
    assert vars(device) == {name: case[name] for name in ("member", "role", "ed25519", "x25519")}


@pytest.mark.parametrize("case", named(VALID))
def test_every_statement_of_a_valid_chain_is_signed_from_the_wallet_down(case):
    key = KEYS["wallet"]["public"]
    for statement in case["chain"]:
        kind = "issuer" if "max_role" in statement else "certificate" if "role" in statement else "rotation"
        text = plain.without_signatures(plain.canonical(json.dumps(statement)))
        assert plain.ed25519_verifies(key, statement.get("sig") or statement["sig_old"], f"kindred/{kind}/v1", text)
        key = statement["new_ed25519"] if kind == "rotation" else statement["ed25519"]
        if kind == "rotation":
            assert plain.ed25519_verifies(key, statement["sig_new"], f"kindred/{kind}/v1", text)
    assert key == case["ed25519"]


@pytest.mark.parametrize("case", named(INVALID))
def test_an_invalid_chain_is_refused_for_the_reason_given(case):
    with pytest.raises(encodings.Refused) as refusal:
        chain.verify(case["chain"], case["mesh"], case["now"])
    assert refusal.value.code == case["why"]


@pytest.mark.parametrize("case", named(VALID))
def test_a_valid_chain_is_refused_in_any_other_mesh(case):
    with pytest.raises(encodings.Refused):
        chain.verify(case["chain"], case["mesh"].replace("home", "work"), case["now"])


@pytest.mark.parametrize("case", named(VALID))
def test_no_statement_of_a_valid_chain_can_be_changed(case):
    for index, statement in enumerate(case["chain"]):
        for name in statement:
            changed = [dict(one) for one in case["chain"]]
            changed[index][name] = "0" + "1" * (len(str(statement[name])) - 1)
            with pytest.raises(encodings.Refused):
                chain.verify(changed, case["mesh"], case["now"])


@pytest.mark.parametrize("value", [None, {}, "", 1, [None], [[]], [{}], [1], [{"max_role": 1}], [{"machine_id": []}]])
def test_what_is_no_chain_is_refused(value):
    with pytest.raises(encodings.Refused):
        chain.verify(value, FILE["mesh"], 0)
