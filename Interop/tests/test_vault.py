"""docs/protocol/vault.md: vectors held against libraries that are not ours, and against real programs."""

import base64
import hashlib
import json
import subprocess

import pytest
from bip_utils import Bip32Slip10Ed25519, Bip32Slip10Secp256k1, Bip39SeedGenerator, Bip44, Bip44Changes, Bip44Coins
from coincurve import PublicKeyXOnly
from nostr_sdk import Keys
from vectors import named, ours

from kindred_wire import vault
from kindred_wire.encodings import Refused
from vector_cases.ethereum import Account, encode_defunct

FILE = ours("vault.json")
SEED = bytes.fromhex(FILE["seed"])
CURVES = {"ed25519": Bip32Slip10Ed25519, "secp256k1": Bip32Slip10Secp256k1}


def path(name: str) -> dict:
    return next(entry for entry in FILE["paths"] if entry["name"] == name)


def test_the_seed_is_the_one_that_bip_utils_makes():
    assert Bip39SeedGenerator(FILE["phrase"]).Generate(FILE["passphrase"]) == SEED
    assert vault.seed(FILE["phrase"], FILE["passphrase"]) == SEED


@pytest.mark.parametrize("entry", named(FILE["paths"]))
def test_every_path_gives_the_key_that_bip_utils_derives(entry):
    key = CURVES[entry["curve"]].FromSeedAndPath(SEED, entry["path"])
    assert key.PrivateKey().Raw().ToHex() == entry["private"]
    public = key.PublicKey()
    if entry["curve"] == "ed25519":
        assert public.RawCompressed().ToHex() == "00" + entry["public"]
    else:
        assert public.RawUncompressed().ToHex() == entry["public"]


def test_the_ethereum_account_is_the_one_that_wallets_find():
    found = Bip44.FromSeed(SEED, Bip44Coins.ETHEREUM).Purpose().Coin().Account(0)
    found = found.Change(Bip44Changes.CHAIN_EXT).AddressIndex(0)
    assert found.PrivateKey().Raw().ToHex() == path("ethereum")["private"]
    assert found.PublicKey().ToAddress() == FILE["ethereum"]["address"]


def test_the_wallet_is_the_one_that_solana_wallets_find():
    found = Bip44.FromSeed(SEED, Bip44Coins.SOLANA).Purpose().Coin().Account(3).Change(Bip44Changes.CHAIN_EXT)
    assert found.PrivateKey().Raw().ToHex() == path("wallet, account 3")["private"]


@pytest.mark.parametrize("entry", FILE["ethereum"]["personal"], ids=lambda entry: str(len(entry["message"])))
def test_a_personal_signature_recovers_to_the_address(entry):
    message = encode_defunct(text=entry["message"])
    assert Account.recover_message(message, signature=entry["signature"]) == FILE["ethereum"]["address"]


@pytest.mark.parametrize("entry", FILE["nostr"], ids=lambda entry: str(entry["n"]))
def test_nostr_keys_are_those_that_nostr_sdk_reads(entry):
    keys = Keys.parse(entry["nsec"])
    assert keys.public_key().to_hex() == entry["public"]
    assert keys.public_key().to_bech32() == entry["npub"]
    assert keys.secret_key().to_bech32() == entry["nsec"]
    assert Keys.from_mnemonic(FILE["phrase"], FILE["passphrase"], entry["n"]).public_key() == keys.public_key()


def test_nostr_sdk_signs_what_bip_340_verifies():
    keys, digest = Keys.parse(FILE["nostr"][0]["nsec"]), hashlib.sha256(b"event").digest()
    signature = bytes.fromhex(keys.sign_schnorr(digest))
    assert PublicKeyXOnly(bytes.fromhex(FILE["nostr"][0]["public"])).verify(signature, digest)


@pytest.mark.parametrize("entry", named(FILE["passwords"]))
def test_passwords_follow_from_the_page_alone(entry):
    made = vault.password(SEED, entry["site"], entry["length"], entry["counter"], entry["classes"])
    assert made == entry["password"]
    assert len(made) == entry["length"]
    assert all(any(character in vault.CLASSES[name] for character in made) for name in entry["classes"])
    assert all(any(character in vault.CLASSES[name] for name in entry["classes"]) for character in made)


def test_some_passwords_need_more_than_one_candidate():
    """Otherwise the vectors would not show what happens then."""
    short = [entry for entry in FILE["passwords"] if entry["length"] == 8 and len(entry["classes"]) == 4]
    assert len(short) > 12
    first = []
    for entry in short:
        key = vault.ed25519(SEED, entry["path"])
        info = f"kindred/password/v1|{entry['site'].lower()}|{entry['counter']}|{','.join(vault.CLASSES)}"
        stream, alphabet = vault._hkdf(key, b"", info, 64), "".join(vault.CLASSES.values())
        first.append("".join(alphabet[byte % 76] for byte in stream if byte < 228)[:8] == entry["password"])
    assert any(first) and not all(first)


@pytest.mark.parametrize("site", ["", " a", "a ", "a|b", "k\u00f6ln.example", "x" * 254])
def test_what_is_no_site_is_refused(site):
    with pytest.raises(Refused):
        vault.password(SEED, site)


@pytest.mark.parametrize("entry", named(FILE["credentials"]["valid"]))
def test_credentials_open(entry):
    assert vault.decrypt(SEED, entry["name"], entry["encrypted"]).hex() == entry["plaintext"]


@pytest.mark.parametrize("entry", FILE["credentials"]["unreadable"], ids=lambda entry: entry["why"])
def test_credentials_that_do_not_open(entry):
    with pytest.raises(Refused, match="credential_unreadable"):
        vault.decrypt(SEED, entry["name"], entry["encrypted"])


@pytest.mark.parametrize("entry", named(FILE["sealed"]["valid"]))
def test_sealed_vaults_open(entry):
    opened = vault.open_vault(entry["file"].encode(), entry["passphrase"])
    assert opened == (bytes.fromhex(entry["entropy"]), entry["needs_passphrase"])
    with pytest.raises(Refused, match="vault_passphrase_wrong"):
        vault.open_vault(entry["file"].encode(), entry["passphrase"] + "x")


@pytest.mark.parametrize("entry", FILE["ssh"]["keys"], ids=lambda entry: entry["comment"] or "none")
def test_ssh_keygen_reads_the_private_file(entry, tmp_path):
    file = tmp_path / "key"
    file.touch(mode=0o600)
    file.write_text(entry["private"], encoding="utf-8")
    said = subprocess.run(["ssh-keygen", "-y", "-f", str(file)], capture_output=True, check=True, stdin=subprocess.DEVNULL)
    # ssh-keygen writes what it does not take for ASCII in its own way.
    assert said.stdout.decode().split()[:2] == entry["public"].split()[:2]
    blob = base64.b64decode(entry["public"].split()[1])
    assert blob[-32:].hex() == path("ssh")["public"]


def test_messages_are_canonical():
    for entry in FILE["messages"]["valid"] + FILE["messages"]["answers"]:
        body = json.loads(entry["body"])
        assert json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False) == entry["body"]
