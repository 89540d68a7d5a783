"""`kin up --miranda` beside what the other product published: its keys, its record, its place at a relay."""

import base64
import json

import pytest
from bip_utils import Base58Encoder, Bip39MnemonicGenerator, Bip39SeedGenerator, Bip44, Bip44Changes, Bip44Coins
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from household import Household, eventually
from vectors import published
from web_socket import Peer

FILE = published("registry.json")
KEY = bytes.fromhex(FILE["key"])
THEIRS = json.loads(FILE["record"])
PHRASE = Bip39MnemonicGenerator().FromEntropy(bytes.fromhex(FILE["secret"])).ToStr()


def wallet_address() -> str:
    seed = Bip39SeedGenerator(PHRASE).Generate()
    account = Bip44.FromSeed(seed, Bip44Coins.SOLANA).Purpose().Coin().Account(0).Change(Bip44Changes.CHAIN_EXT)
    return Base58Encoder.Encode(account.PublicKey().RawCompressed().ToBytes()[1:])


WALLET = wallet_address()


def listed(house: Household) -> dict[str, bytes]:
    """What is registered under the wallet's address."""
    status, _, text = house.ask_server(f"/registry?wallet={WALLET}")
    assert status == 200
    return {entry["machine_id"]: base64.b64decode(entry["blob"]) for entry in json.loads(text)}


def opened(machine: str, blob: bytes) -> dict:
    return json.loads(ChaCha20Poly1305(KEY).decrypt(blob[:12], blob[12:], machine.encode()))


def register(house: Household, blob: bytes, machine: str) -> Peer:
    path = f"/agent/signal?owner_id={WALLET}&machine_id={machine}"
    device = Peer(house.port, path, X_Kin_Registration_Secret="c" * 64)
    assert device.status == 101 and device.receive() == (1, b'{"type":"ready"}')
    message = {"type": "registry", "registry": base64.b64encode(blob).decode()}
    device.send(json.dumps(message).encode(), opcode=1)
    return device


@pytest.fixture
def family(house: Household) -> Household:
    house.phrase = PHRASE
    house.serve()
    return house


def test_a_device_is_read_there_with_the_published_keys(family: Household) -> None:
    family.up("laptop", "--miranda")
    family.up("studio")
    for name in ("laptop", "studio"):
        family.is_connected(name)
    family.sees("laptop", "laptop", "studio")
    eventually("it is listed there", lambda: listed(family) != {})
    address = family.run("laptop", "wallet", "address")
    assert WALLET in address.stdout
    # Who was not told to is not shown there.
    [(machine, blob)] = listed(family).items()
    record = opened(machine, blob)
    assert record.keys() >= THEIRS.keys()
    assert [type(record[name]) for name in THEIRS] == [type(value) for value in THEIRS.values()]
    assert record["v"] == 1 and record["name"] == "laptop" and len(bytes.fromhex(record["host_pub"])) == 32
    assert record["signal_url"].startswith("http://127.0.0.1:")

    # Each device is listed once, though one has two names.
    devices = json.loads(family.run("laptop", "devices", "--json").stdout)["devices"]
    assert [device["name"] for device in devices] == ["laptop", "studio"]

    # No link is taken up under a name that is no secret.
    stranger = Peer(family.port, f"/link?owner_id={WALLET}&machine_id={machine}")
    stranger.send(b"hello")
    assert stranger.closed() == (4408, "device_silent")
    family.stop("laptop")
    eventually("it is there no more", lambda: listed(family) == {})


def test_a_machine_of_theirs_is_listed_as_uncertified_and_cannot_be_attached(family: Household) -> None:
    family.up("laptop", "--miranda")
    family.is_connected("laptop")
    family.sees("laptop", "laptop")
    machine = register(family, bytes.fromhex(FILE["blob"]), FILE["machine_id"])

    def shown() -> list[str]:
        lines = family.run("laptop", "devices").stdout.splitlines()
        return [line for line in lines if line.startswith(THEIRS["name"])]

    eventually("it is listed", shown)
    assert len(shown()) == 1 and shown()[0].split()[1] == "uncertified", shown()
    for command in (["attach", THEIRS["name"]], ["send", THEIRS["name"], "hi"]):
        ended = family.run("laptop", *command)
        assert ended.returncode == 4, (command, ended)
        assert "carries no certificate" in ended.stderr, ended.stderr

    # What does not open is counted, and listed nowhere.
    forged = register(family, bytes.fromhex(FILE["blob"]), "f" * 16)
    counter = 'kin_daemon_records_dropped_total{reason="does_not_open"}'

    def count() -> float:
        family.run("laptop", "devices")
        lines = family.ask("laptop", "/v1/metrics")[2].splitlines()
        return next(float(line.split()[-1]) for line in lines if line.startswith(counter))

    eventually("it is counted", count)
    assert len(shown()) == 1
    # A slot that is held is held under that name too.
    ours = json.loads(family.run("laptop", "devices", "--json").stdout)["devices"]
    slot = next(device["machine_id"] for device in ours if device["this_device"])
    path = f"/agent/signal?owner_id={WALLET}&machine_id={slot}"
    assert Peer(family.port, path, X_Kin_Registration_Secret="d" * 64).status == 401
    for peer in (machine, forged):
        peer.close()


def test_a_machine_without_the_phrase_has_nothing_to_show_there(family: Household) -> None:
    family.up("laptop")
    ticket = family.run("laptop", "mesh", "credential", "--role", "machine", "--ttl", "1h", "--json", text=PHRASE)
    assert ticket.returncode == 0, ticket.stderr
    token = json.loads(ticket.stdout)["join"]
    path = family.folder / "ticket"
    path.write_text(token)
    refused = family.run(
        "kiosk", "up", "--name", "kiosk", "--server", f"http://127.0.0.1:{family.port}", "--no-container", "--persistent",
        "--join", str(path), "--miranda",
    )
    assert refused.returncode == 4 and "phrase" in refused.stderr, refused
