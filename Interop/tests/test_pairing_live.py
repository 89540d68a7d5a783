"""`kin device request` and `kin device approve` with a Python party at the other end of a real room, by two Noise libraries."""

import json
import os
import subprocess
from collections.abc import Iterator

import pytest
import room
from household import Household
from other_noise import OtherPeer
from vector_cases import actors, joining

from kindred_wire import pairing
from kindred_wire.noise_peer import Peer

LIBRARIES = pytest.mark.parametrize("library", [Peer, OtherPeer], ids=["noiseprotocol", "dissononce"])
FAMILY = actors.address(actors.WALLET)


class Running:
    """A command that goes on while a test talks to it."""

    def __init__(self, house: Household, home: str, *arguments: str, text: str = ""):
        self._process = subprocess.Popen(
            [house.kin, *arguments],
            env={"KINDRED_HOME": str(house.home(home)), "PATH": os.environ["PATH"]},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._process.stdin.write(text)
        self._process.stdin.close()
        self.errors = ""

    def line(self) -> dict:
        line = self._process.stdout.readline()
        assert line, self._process.stderr.read()
        return json.loads(line)

    def end(self) -> int:
        self._process.stdin = None
        _, self.errors = self._process.communicate(timeout=20)
        return self._process.returncode

    @property
    def error(self) -> dict:
        return json.loads(self.errors.strip().splitlines()[-1])["error"]


@pytest.fixture
def server(house) -> Iterator[str]:
    house.serve()
    yield f"http://127.0.0.1:{house.port}"


def requesting(house: Household, server: str, *arguments: str) -> tuple[Running, dict]:
    kiosk = Running(house, "kiosk", "device", "request", "--name", "kiosk", "--server", server, "--json", *arguments)
    return kiosk, kiosk.line()


@LIBRARIES
def test_a_machine_asks_and_python_certifies(house, server, library):
    kiosk, shown = requesting(house, server, "--family", FAMILY)
    party = room.Room(shown["code"], entered=True, library=library)
    party.greet()
    party.send("offer", **{"for": "device", "mesh": actors.MESH, "role": "member", "scopes": [], "expires_at": None})
    asked = party.receive()
    assert asked["for"] == "device" and asked["request"]["name"] == "kiosk"
    assert room.machine_number(asked["request"]) == shown["safety_number"]
    assert party.receive() == {"v": 1, "type": "confirmed"}
    party.send("approval", sealed=room.sealed(room.certified(asked["request"]), asked["request"]))
    assert party.receive() == {"v": 1, "type": "done"}
    party.close()
    assert kiosk.line() == {"address": FAMILY, "role": "member", "member": actors.member("kiosk")}
    assert kiosk.end() == 0
    assert house.run("kiosk", "wallet", "address").stdout.strip() == FAMILY


def approving(house: Household, code: str, number: str, *arguments: str) -> Running:
    return Running(
        house, "owner", "device", "approve", "-", "--safety-number", number, "--json", *arguments, text=code + "\n"
    )


@LIBRARIES
def test_python_asks_and_an_owner_certifies(house, server, library):
    house.enrol("owner")
    code = pairing.code(server, os.urandom(16))
    party = room.Room(code, entered=False, library=library)
    asked = room.request()
    owner = approving(house, code, room.machine_number(asked), "--role", "machine")
    number = party.greet()
    party.send("ask", **{"for": "device", "request": asked})
    offer = party.receive()
    assert offer["type"] == "offer" and offer["role"] == "machine" and offer["expires_at"] is None
    party.send("confirmed")
    approval = room.opened(party.receive()["sealed"])
    device = room.verified(approval, offer["mesh"])
    assert (device.role, device.ed25519, device.x25519) == ("machine", asked["ed25519"], asked["x25519"])
    party.send("done")
    result = owner.line()
    assert (result["member"], result["machine_id"]) == (device.member, joining.MACHINE)
    assert result["pairing_number"] == number
    assert owner.end() == 0


def test_no_secret_comes_before_the_machine_has_said_yes(house, server):
    house.enrol("owner")
    code = pairing.code(server, os.urandom(16))
    party = room.Room(code, entered=False)
    asked = room.request()
    owner = approving(house, code, room.machine_number(asked))
    party.greet()
    party.send("ask", **{"for": "device", "request": asked})
    assert set(party.receive()) == {"v", "type", "for", "mesh", "role", "scopes", "expires_at"}
    party.send("refused", code="pairing_numbers_differ")
    party.close()
    assert owner.end() == 4
    assert owner.error["code"] == "pairing_refused"
    assert code not in owner.errors


def test_who_takes_it_and_says_nothing_leaves_the_owner_in_doubt(house, server):
    house.enrol("owner")
    code = pairing.code(server, os.urandom(16))
    party = room.Room(code, entered=False)
    asked = room.request()
    owner = approving(house, code, room.machine_number(asked))
    party.greet()
    party.send("ask", **{"for": "device", "request": asked})
    party.receive()
    party.send("confirmed")
    member = room.verified(room.opened(party.receive()["sealed"]), actors_mesh(house)).member
    party.close()
    assert owner.end() == 3
    assert owner.error["code"] == "approval_unconfirmed"
    assert owner.error["detail"]["member"] == member


def actors_mesh(house: Household) -> str:
    return "home@" + house.run("owner", "wallet", "address").stdout.strip()


@pytest.mark.parametrize(
    ("offer", "given", "code", "status"),
    [
        ({}, {"role": "machine"}, "approval_differs", 4),
        ({}, {"expires_at": 2**53 - 1}, "approval_differs", 4),
        ({}, {"ed25519": actors.STRANGER.public}, "approval_not_mine", 4),
        ({}, {"issuer": actors.member("runner")}, "approval_invalid", 4),
        ({"role": "owner"}, {"role": "owner"}, "offer_invalid", 4),
        ({"role": "guest"}, {"role": "guest"}, "offer_invalid", 4),
        ({"mesh": actors.FOREIGN_MESH}, {}, "another_family", 4),
        ({"mesh": actors.OTHER_MESH}, {}, "offer_invalid", 4),
        ({"for": "mesh"}, {}, "pairing_mismatch", 6),
    ],
)
def test_what_was_not_shown_is_not_kept(house, server, offer, given, code, status):
    kiosk, shown = requesting(house, server, "--family", FAMILY)
    party = room.Room(shown["code"], entered=True)
    party.greet()
    fields = {"for": "device", "mesh": actors.MESH, "role": "member", "scopes": [], "expires_at": None}
    party.send("offer", **(fields | offer))
    asked = party.receive()["request"]
    answer = party.receive()
    if answer["type"] == "confirmed":
        party.send("approval", sealed=room.sealed(room.certified(asked, **given), asked))
        answer = party.receive()
    assert answer == {"v": 1, "type": "refused", "code": code}
    party.close()
    assert kiosk.end() == status
    assert kiosk.error["code"] == code
    assert sorted(path.name for path in house.home("kiosk").rglob("*.json")) == ["device.json"]
    assert house.run("kiosk", "wallet", "address").returncode == 5


def test_a_stranger_in_the_room_is_told_apart_at_once(house, server):
    kiosk, shown = requesting(house, server, "--family", FAMILY)
    where, token = pairing.decode_code(shown["code"])
    squatter = room.Room(shown["code"], entered=True)
    squatter.send_raw(os.urandom(48))
    assert kiosk.end() == 4
    assert kiosk.error["code"] == "pairing_wrong_code"
    squatter.close()
    for text in (token.hex(), shown["code"]):
        assert text not in kiosk.errors
    assert where == server
