"""`kin attach` as a person has it: on a terminal, between machines that are real processes."""

import json
import re
import shutil
from collections.abc import Iterator

import pytest
from household import Household, eventually
from tmux import Tmux, Window

# Not the shell of whoever runs the tests: its prompt and its history are no concern of theirs.
SHELL = ("--run", "env", "HISTFILE=", "PS1=$ ", "bash", "--norc", "--noprofile", "-i")
AWAY = "is out of reach"


@pytest.fixture
def tmux(house: Household) -> Iterator[Tmux]:
    if shutil.which("tmux") is None:
        pytest.skip("scripts/setup installs it: tmux")
    keeper = Tmux(house)
    try:
        yield keeper
    finally:
        keeper.close()


def up(house: Household, *names: str) -> None:
    house.serve()
    for name in names:
        house.up(name)
    for name in names:
        house.is_connected(name)
        house.sees(name, *names)


def terminals(house: Household, name: str) -> list[dict]:
    listed = house.run("laptop", "attach", name, "--list", "--json")
    assert listed.returncode == 0, listed.stderr
    return json.loads(listed.stdout)["terminals"]


def prompt(window: Window) -> None:
    """Waits until the shell does."""
    window.until("a prompt", lambda screen: screen.endswith("$"))


def detach(window: Window) -> str:
    window.keys("C-]", "d")
    assert window.end() == 0
    return window.screen


def test_a_shell_with_its_size_and_job_control(house: Household, tmux: Tmux) -> None:
    up(house, "laptop", "kiosk")
    window = tmux.open("laptop", "attach", "kiosk", *SHELL, columns=90, rows=25)
    prompt(window)
    window.type("echo $((6*7)); stty size")
    window.sees_line("42")
    window.sees_line("25 90")
    window.resize(120, 40)
    # Whoever types before the new size is there would see the old one.
    window.type("until [ \"$(stty size)\" = '40 120' ]; do read -t 0.02; done; echo now $(stty size)")
    window.sees_line("now 40 120")

    window.type("sh -c 'echo in-fro''nt; exec sleep 1000'")
    window.sees_line("in-front")
    window.keys("C-c")
    prompt(window)

    def answers(word: str) -> None:
        """Waits until `cat` has said it, too."""
        window.type(word)
        window.until(f"{word} twice", lambda screen: screen.split().count(word) == 2)

    window.type("clear; cat")
    window.until("a clear screen", lambda screen: screen == "")
    answers("one")
    window.keys("C-z")
    window.sees("Stopped")
    prompt(window)
    window.type("clear; jobs")
    window.sees_line(r"\[1\]\+ +Stopped +cat")
    window.type("clear; fg")
    window.until("what is in front", lambda screen: screen == "cat")
    answers("two")
    window.keys("C-c")
    prompt(window)
    window.type("echo the-sa''me-shell")
    window.sees_line("the-same-shell")
    window.type("exit 7")
    assert window.end() == 7


def test_detached_it_runs_on_and_who_comes_back_sees_it(house: Household, tmux: Tmux) -> None:
    up(house, "laptop", "kiosk")
    window = tmux.open("laptop", "attach", "kiosk", *SHELL, columns=120)
    prompt(window)
    go_on = house.folder / "go-on"
    window.type(f"clear; echo it-beg''ins; until [ -e {go_on} ]; do read -t 0.02; done; echo it-fini''shed")
    window.sees_line("it-begins")
    last = detach(window)
    identifier = re.search(r"detached; kiosk runs on: come back with  kin attach kiosk --terminal (\w{26})", last)
    assert identifier, last
    before = terminals(house, "kiosk")
    assert [terminal["id"] for terminal in before] == [identifier[1]]
    assert "exit" not in before[0] and before[0]["attached"] == 0

    go_on.touch()
    again = tmux.open("laptop", "attach", "kiosk")
    again.sees_line("it-begins")
    again.sees_line("it-finished")
    again.type("echo process $$")
    assert again.sees_line(r"process (\d+)")[1] == str(before[0]["pid"])
    again.type("exit")
    assert again.end() == 0


def test_a_key_goes_from_one_machine_to_the_other(house: Household, tmux: Tmux) -> None:
    up(house, "laptop", "kiosk", "studio")
    window = tmux.open("laptop", "attach", "kiosk", "studio", *SHELL)
    prompt(window)
    window.type("place=first; echo on-the-$place")
    window.sees_line("on-the-first")
    window.keys("C-]", "n")
    window.until("another screen", lambda screen: screen == "$")
    window.type("echo on-the-${place-other}")
    window.sees_line("on-the-other")
    window.keys("C-]", "p")
    window.sees_line("on-the-first")
    window.type("echo still-on-the-$place")
    window.sees_line("still-on-the-first")
    window.keys("C-]", "2")
    window.sees_line("on-the-other")
    # The one that is shown ends, and the other one comes.
    window.type("exit 3")
    window.sees("studio ended with 3")
    window.sees_line("still-on-the-first")
    assert len(terminals(house, "kiosk")) == 1 and len(terminals(house, "studio")) == 1
    window.type("exit 4")
    assert window.end() == 4


def test_a_terminal_comes_back_by_itself_when_the_link_to_it_was_over(house: Household, tmux: Tmux) -> None:
    up(house, "laptop", "kiosk")
    window = tmux.open("laptop", "attach", "kiosk", *SHELL)
    prompt(window)
    window.type("clear; word=kept; echo it-w''as-here")
    window.sees_line("it-was-here")
    [before] = terminals(house, "kiosk")
    # With its daemon all of a machine's links are over at once.
    house.kill("laptop")
    window.sees(AWAY)
    house.up("laptop")
    window.until("the screen is back", lambda screen: "it-was-here" in screen and AWAY not in screen)
    window.type("echo $word $$")
    window.sees_line(f"kept {before['pid']}")
    house.stop("laptop")
    window.sees(AWAY)
    assert "kiosk" in detach(window)


# Draws when it is told of another size, as such programs do, and not by itself.
FULL_SCREEN = r"""
draw() { printf '\033[H\033[2Jdrawn'; }
trap draw WINCH
printf '\033[?1049h'
draw
until read -rsn 1 -t 0.1 key && [ "$key" = q ]; do :; done
printf '\033[?1049l'
"""


def test_a_full_screen_program_comes_back_too(house: Household, tmux: Tmux) -> None:
    up(house, "laptop", "kiosk")
    window = tmux.open("laptop", "attach", "kiosk", "--run", "bash", "-c", FULL_SCREEN)
    window.until("its screen", lambda screen: screen == "drawn")
    house.kill("laptop")
    window.sees(AWAY)
    house.up("laptop")
    window.until("its screen is back", lambda screen: screen == "drawn")
    assert window.is_full_screen
    window.keys("q")
    assert window.end() == 0
    assert not window.is_full_screen


def test_a_machine_that_comes_back_without_the_terminal_is_said_to(house: Household, tmux: Tmux) -> None:
    up(house, "laptop", "kiosk")
    window = tmux.open("laptop", "attach", "kiosk", *SHELL)
    prompt(window)
    house.kill("kiosk")
    house.up("kiosk")
    assert window.end(60) == 5
    assert "kiosk is back, but the terminal is gone" in window.screen
    assert "runs on" not in window.screen
    eventually("no terminal is there", lambda: terminals(house, "kiosk") == [])


class Cuts:
    """Ways in which somebody who is attached to the kiosk goes, or is cut off. All but the last leave the terminal running."""

    def __init__(self, house: Household, tmux: Tmux):
        self._house = house
        self._tmux = tmux

    def attach(self) -> Window:
        """To the terminal that runs there, or a new one."""
        waits = any("exit" not in terminal for terminal in terminals(self._house, "kiosk"))
        window = self._tmux.open("laptop", "attach", "kiosk", *(() if waits else SHELL))
        prompt(window)
        return window

    def by_kill(self) -> None:
        self.attach().kill()
        eventually("nobody is attached", lambda: terminals(self._house, "kiosk")[0]["attached"] == 0)

    def by_key(self) -> None:
        window = self.attach()
        detach(window)
        window.forget()

    def by_the_relay(self) -> None:
        window = self.attach()
        window.type("echo it-w''as-here")
        window.sees_line("it-was-here")
        self._house.kill("server")
        window.type("clear")
        self._house.serve()
        window.until("a clear screen", lambda screen: screen == "$")
        detach(window)
        window.forget()

    def by_the_end(self) -> None:
        window = self.attach()
        window.keys("C-]", "x")
        window.sees("y/N")
        window.keys("y")
        assert window.end() == 129
        window.forget()

    def all(self) -> None:
        for cut in (self.by_kill, self.by_key, self.by_the_relay, self.by_the_end):
            cut()


def test_what_was_started_for_a_pipe_ends_with_its_reader(house: Household) -> None:
    up(house, "laptop", "kiosk")

    # It begins once somebody is attached, so that nothing is missed.
    ended = house.pipe("laptop", "head -n 1", "attach", "kiosk", "--run", "sh", "-c", "cat; exec yes")
    assert (ended.stdout, ended.stderr) == ("y\n", "")
    assert terminals(house, "kiosk") == []


def test_a_daemon_that_stands_still_is_said_to(house: Household) -> None:
    up(house, "laptop")
    with house.frozen("laptop"):
        ended = house.run("laptop", "attach", "kiosk", "--run", "true")
    assert ended.returncode == 3
    assert "a daemon runs" in ended.stderr and "does not answer" in ended.stderr


def test_what_is_piped_waits_for_a_program_that_does_not_read(house: Household) -> None:
    up(house, "laptop", "kiosk")
    # Longer than a call waits for its answer where nothing else is said.
    text = "a line of sixteen\n" * 60_000
    ended = house.run("laptop", "attach", "kiosk", "--run", "sh", "-c", "sleep 32; wc -c", text=text)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert int(ended.stdout) == len(text)


def test_twenty_attaches_and_cuts_leave_nothing(house: Household, tmux: Tmux) -> None:
    up(house, "laptop", "kiosk")
    cuts = Cuts(house, tmux)
    # What is made once and kept, such as threads, is there after the first of each.
    cuts.all()
    before = {name: house.footprint(name) for name in ("laptop", "kiosk")}
    for _ in range(5):
        cuts.all()
    assert terminals(house, "kiosk") == []
    for name, first in before.items():
        # Each kind was there five times: what one of them leaves would be seen.
        eventually(
            f"{name} is as it was: {first}, {house.footprint(name)}",
            lambda name=name, first=first: house.footprint(name).is_within(first, 2),
        )
        assert house.footprint(name).children == 0
