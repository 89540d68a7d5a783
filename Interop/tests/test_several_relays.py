"""Two devices at two relays, real processes, of which one dies while something runs between the devices."""

import base64
import json
import time

from call_stream import CallStream
from household import Household, eventually
from local_api import LocalAPI

LINES = 3_000
COUNTING = f"i=0; while [ $i -lt {LINES} ]; do i=$((i+1)); echo $i; sleep 0.003; done"


class Screen:
    """What a terminal put out, by positions: each byte once, and none missing."""

    def __init__(self, calls: CallStream, call: str):
        self._calls, self._call = calls, call
        self.seen = b""
        self.has_ended = False

    def take(self) -> None:
        kind, payload = self._calls.next(self._call, 40)
        if kind == "completed":
            self.has_ended = True
            return
        assert kind == "responded", payload
        event = payload["output"]
        if event["event"] in ("screen", "output"):
            data = base64.b64decode(event["data"])
            assert event["position"] == len(self.seen), (event["position"], len(self.seen))
            self.seen += data
            self._calls.event(self._call, "credited", events=1)

    def reaches(self, line: int) -> None:
        while f"\n{line}\n".encode() not in self.seen:
            assert not self.has_ended
            self.take()


def link_ends(house: Household) -> dict[str, int]:
    text = house.ask("studio", "/v1/metrics")[2]
    lines = [line.split("} ") for line in text.splitlines() if line.startswith("kin_daemon_links_total{")]
    return {name.split('"')[1]: int(float(value)) for name, value in lines}


def status(house: Household) -> tuple[int, list[str]]:
    ended = house.run("laptop", "status")
    return ended.returncode, ended.stdout.splitlines()


def is_registered(house: Household, count: int) -> None:
    for name in ("laptop", "studio"):
        eventually(
            f"{name} is at {count}", lambda name=name: sum(one["connected"] for one in house.health(name)["relays"]) == count
        )


def test_the_death_of_either_server_is_not_noticed_by_what_runs(house: Household) -> None:
    house.serve()
    port = house.relay()
    for name in ("laptop", "studio"):
        house.up(name, "--server", f"http://127.0.0.1:{port}")
    for name in ("laptop", "studio"):
        house.is_connected(name)
        house.sees(name, "laptop", "studio")
    is_registered(house, 2)
    calls = CallStream(LocalAPI(house, "laptop"))
    opened = calls.ask("/studio/term/open", {"command": ["/bin/sh", "-c", COUNTING], "plain": True})
    assert isinstance(opened, dict)
    call = calls.request("/studio/term/attach", {"id": opened["id"], "from": 0}, credit=64)
    screen = Screen(calls, call)
    screen.reaches(100)
    assert link_ends(house)["opened"] == 1

    # The server, which is the first relay and carries the link, dies: the link goes on over the other.
    house.kill("server")
    screen.reaches(900)
    assert calls.ask("/studio/device/info")["name"] == "studio"
    assert link_ends(house)["continued"] >= 1
    code, lines = status(house)
    assert code == 1 and [line for line in lines if line.startswith("broker")], lines
    assert not [line for line in lines if line.startswith("relays")], "one server that is away is one problem"

    # It comes back, and then the relay dies that carries the link by now.
    house.serve()
    for name in ("laptop", "studio"):
        house.is_connected(name)
    is_registered(house, 2)
    before = link_ends(house)["continued"]
    house.kill("relay")
    screen.reaches(2_000)
    assert calls.ask("/studio/device/info")["name"] == "studio"
    assert link_ends(house)["continued"] > before
    eventually("it is said in one line", lambda: [line for line in status(house)[1] if line.startswith("relays")])
    code, lines = status(house)
    away = [line for line in lines if str(port) in line]
    assert code == 1 and len(away) == 1 and away[0].startswith("relays  1 of 2 not reached: "), lines
    assert len([line for line in lines if line.startswith(("broker", "relays"))]) == 2, lines

    while not screen.has_ended:
        screen.take()
    assert screen.seen.decode() == "".join(f"{number}\n" for number in range(1, LINES + 1))
    assert link_ends(house)["opened"] == 1, "it was one link all the time"
    calls.close()

    # And a stream that begins now finds its way.
    later = CallStream(LocalAPI(house, "laptop"))
    began = time.monotonic()
    assert later.ask("/studio/device/info")["name"] == "studio"
    assert time.monotonic() - began < 10
    later.close()
    shown = json.loads(house.run("laptop", "devices", "--json").stdout)
    assert [reason for reason in shown["unreachable"] if str(port) in reason], shown
