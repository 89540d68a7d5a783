"""Facts others published, reproduced with libraries that are not ours (sources: Vectors/published/README.md)."""

import json

import pytest
import rfc8785
from bip_utils import (
    Base58Encoder,
    Bip32Slip10Ed25519,
    Bip32Slip10Secp256k1,
    Bip39MnemonicGenerator,
    Bip39SeedGenerator,
)
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from vectors import VECTORS, published

from kindred_wire import encodings, keys, registry

BIP39 = published("bip39.json")
SLIP10 = [(vector, step) for vector in published("slip10.json")["vectors"] for step in vector["chains"]]
CURVES = {"ed25519": Bip32Slip10Ed25519, "secp256k1": Bip32Slip10Secp256k1}
JCS = sorted(path.name for path in (VECTORS / "published" / "jcs" / "input").iterdir())
WALLET = published("wallet-derivation.json")
REGISTRY = published("registry.json")


def test_the_word_list_is_the_one_the_library_knows():
    words = (VECTORS / "published" / "bip39-english-wordlist.txt").read_text().split()
    entropy = [number.to_bytes(2, "big") + bytes(14) for number in range(0, 2**16, 32)]
    assert len(words) == 2048
    assert [Bip39MnemonicGenerator().FromEntropy(data).ToList()[0] for data in entropy] == words


@pytest.mark.parametrize(("entropy", "mnemonic", "seed", "xprv"), BIP39["english"])
def test_entropy_gives_the_phrase_the_seed_and_the_master_key(entropy, mnemonic, seed, xprv):
    assert Bip39MnemonicGenerator().FromEntropy(bytes.fromhex(entropy)).ToStr() == mnemonic
    made = Bip39SeedGenerator(mnemonic).Generate(BIP39["passphrase"])
    assert made.hex() == seed
    assert Bip32Slip10Secp256k1.FromSeed(made).PrivateKey().ToExtended() == xprv


@pytest.mark.parametrize(("vector", "step"), SLIP10)
def test_every_step_of_a_path_gives_the_published_key(vector, step):
    key = CURVES[vector["curve"]].FromSeedAndPath(bytes.fromhex(vector["seed"]), step["path"])
    assert key.PrivateKey().Raw().ToHex() == step["private"]
    assert key.PublicKey().RawCompressed().ToHex() == step["public"]
    assert key.ChainCode().ToHex() == step["chain_code"]
    assert key.ParentFingerPrint().ToHex() == step["fingerprint"]


@pytest.mark.parametrize("name", JCS)
def test_canonical_json_is_the_published_output(name):
    folder = VECTORS / "published" / "jcs"
    output = (folder / "output" / name).read_bytes().removesuffix(b"\n")
    value = json.loads((folder / "input" / name).read_text(encoding="utf-8"))
    assert rfc8785.dumps(value) == output
    assert encodings.canonical(encodings.parse_canonical(output)) == output


def test_a_wallet_follows_from_its_entropy():
    mnemonic = Bip39MnemonicGenerator().FromEntropy(bytes.fromhex(WALLET["prf_output"])).ToStr()
    seed = Bip39SeedGenerator(mnemonic).Generate()
    key = Bip32Slip10Ed25519.FromSeedAndPath(seed, "m/44'/501'/0'/0'")
    public = bytes.fromhex(WALLET["wallet_pub"])
    assert mnemonic == WALLET["mnemonic"]
    assert seed.hex() == WALLET["seed"]
    assert key.PrivateKey().Raw().ToHex() == WALLET["wallet_priv"]
    assert keys.ed25519_public(bytes.fromhex(WALLET["wallet_priv"])) == public
    assert Base58Encoder.Encode(public) == encodings.base58_encode(public) == WALLET["address"]
    assert encodings.base58_decode(WALLET["address"]) == public


def test_the_record_key_follows_from_the_entropy():
    secret = bytes.fromhex(REGISTRY["secret"])
    derived = HKDF(algorithm=SHA256(), length=32, salt=b"miranda/registry/v1", info=b"aead-key").derive(secret)
    assert derived.hex() == REGISTRY["key"]
    assert registry.derive(secret).record_key.hex() == REGISTRY["key"]


def test_the_published_blob_opens_and_is_sealed_again_to_the_same_bytes():
    key, nonce, blob = (bytes.fromhex(REGISTRY[name]) for name in ("key", "nonce", "blob"))
    slot = REGISTRY["machine_id"].encode("ascii")
    assert ChaCha20Poly1305(key).decrypt(blob[:12], blob[12:], slot).decode() == REGISTRY["record"]
    assert nonce + ChaCha20Poly1305(key).encrypt(nonce, REGISTRY["record"].encode(), slot) == blob
    assert registry.seal_record(REGISTRY["record"].encode(), key, REGISTRY["machine_id"], nonce) == blob


def test_the_published_record_is_read_as_uncertified():
    blob = bytes.fromhex(REGISTRY["blob"])
    derived = registry.derive(bytes.fromhex(REGISTRY["secret"]))
    now = 1_749_600_000_000
    record, device = registry.accept(blob, derived, REGISTRY["machine_id"], "home@" + WALLET["address"], now)
    assert record["name"] == "zap-kitchen"
    assert device is None
