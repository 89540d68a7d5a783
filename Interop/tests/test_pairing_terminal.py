"""Pairing on a real terminal: what `kin` draws, asks and leaves, with a Python party at the other end."""

import codecs
import os
import pty
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest
import room
from household import Household
from vector_cases import actors

OFFER = {"for": "device", "mesh": actors.MESH, "role": "member", "scopes": [], "expires_at": None}
PROMPT = "(y/N) "


class OnTerminal:
    """A command on a pseudo-terminal; its answers, which are for programs, come through a pipe."""

    def __init__(self, house: Household, home: str, *arguments: str):
        self._terminal, far = pty.openpty()
        self._process = subprocess.Popen(
            [house.kin, *arguments],
            env={"KINDRED_HOME": str(house.home(home)), "PATH": os.environ["PATH"], "TERM": "xterm-256color"},
            stdin=far,
            stdout=subprocess.PIPE,
            stderr=far,
            text=True,
            start_new_session=True,
        )
        os.close(far)
        # What is read may end within a letter.
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self.seen = ""

    def until(self, text: str) -> str:
        """What is on the screen once `text` is."""
        while text not in self.seen:
            self._more()
        return self.seen

    def _more(self) -> None:
        try:
            self.seen += self._decoder.decode(os.read(self._terminal, 1 << 16)).replace("\r\n", "\n")
        except OSError as error:
            raise AssertionError(self.seen) from error

    def type(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    def line(self) -> str:
        return self._process.stdout.readline().strip()

    def end(self) -> int:
        code = self._process.wait(timeout=20)
        try:
            while True:
                self._more()
        except AssertionError:
            pass
        os.close(self._terminal)
        self._process.stdout.close()
        return code


def requesting(house: Household) -> tuple[OnTerminal, room.Room, str]:
    """A machine that asks on a terminal, and the party that has entered its code, with the number."""
    house.serve()
    server = f"http://127.0.0.1:{house.port}"
    kiosk = OnTerminal(house, "kiosk", "device", "request", "--name", "kiosk", "--server", server)
    party = room.Room(kiosk.line(), entered=True)
    number = party.greet()
    party.send("offer", **OFFER)
    return kiosk, party, number


def plain(screen: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", screen)


def test_a_person_compares_the_number_and_says_yes(house):
    kiosk, party, number = requesting(house)
    asked = party.receive()["request"]
    screen = plain(kiosk.until(PROMPT))
    assert f"number  {number}\n" in screen and f"family  {actors.address(actors.WALLET)}\n" in screen
    kiosk.type("y\n")
    assert party.receive()["type"] == "confirmed"
    party.send("approval", sealed=room.sealed(room.certified(asked), asked))
    assert party.receive()["type"] == "done"
    party.close()
    assert kiosk.line().endswith("next:  kin up --name kiosk")
    assert kiosk.end() == 0


@pytest.mark.parametrize("typed", ["\n", "n\n", "yes please\n"])
def test_anything_but_a_yes_is_a_no(house, typed):
    kiosk, party, _ = requesting(house)
    party.receive()
    kiosk.until(PROMPT)
    kiosk.type(typed)
    assert party.receive() == {"v": 1, "type": "refused", "code": "pairing_numbers_differ"}
    party.close()
    assert kiosk.end() == 4


@pytest.mark.parametrize("word", ["refused", "cut"])
def test_the_question_ends_when_the_other_side_does_though_nobody_types(house, word):
    kiosk, party, _ = requesting(house)
    party.receive()
    kiosk.until(PROMPT)
    began = time.monotonic()
    if word == "refused":
        party.send("refused", code="pairing_numbers_differ")
    party.close()
    assert kiosk.end() == (4 if word == "refused" else 3)
    assert time.monotonic() - began < 5
    assert "\nkin: " in plain(kiosk.seen)


def pixels(screen: str, scale: int = 4) -> str:
    """The drawing as a PBM picture, dark being 1."""
    lines = [line for line in plain(screen).split("\n") if re.fullmatch("[█▀▄ ]{20,}", line)]
    rows = []
    for line in lines:
        rows.append(["0" if block in "█▀" else "1" for block in line])
        rows.append(["0" if block in "█▄" else "1" for block in line])
    # What lies beyond the last row of an odd number is the terminal's own ground.
    rows = rows[: len(rows[0])]
    wide = ["".join(bit * scale for bit in row) for row in rows for _ in range(scale)]
    return f"P1\n{len(wide[0])} {len(wide)}\n" + "\n".join(" ".join(row) for row in wide) + "\n"


def test_the_qr_code_on_the_screen_is_the_code(house):
    if shutil.which("zbarimg") is None:
        pytest.skip("scripts/setup installs it: zbar-tools")
    house.serve()
    server = f"http://127.0.0.1:{house.port}"
    kiosk = OnTerminal(house, "kiosk", "device", "request", "--server", server)
    code = kiosk.line()
    screen = kiosk.until("good once")
    picture = Path(house.folder) / "code.pbm"
    picture.write_text(pixels(screen))
    read = subprocess.run(["zbarimg", "--raw", "-q", picture], capture_output=True, text=True, timeout=20, check=False)
    assert read.stdout.strip() == code
    room.Room(code, entered=True).close()
    assert kiosk.end() == 3
