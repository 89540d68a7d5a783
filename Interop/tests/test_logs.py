"""The log lines of a real daemon and a real server through a scripted life: one JSON object a line, one line a fact."""

import json
import re
from collections import Counter

from household import PHRASE, ROOT, Household, eventually

LEVELS = {"trace", "debug", "info", "notice", "warning", "error", "critical"}


def events_of(house: Household, name: str) -> list[dict]:
    """Every line, each checked for its form."""
    documented = set(
        re.findall(r"^\| `([a-z0-9_]+)` \| (?:daemon|server|both) \|", (ROOT / "docs/operations.md").read_text(), re.M)
    )
    events = []
    for line in house.log(name):
        event = json.loads(line)
        assert isinstance(event, dict)
        assert isinstance(event["time"], int) and event["level"] in LEVELS, line
        assert event["event"] in documented, line
        assert all("\n" not in str(value) for value in event.values()), line
        events.append(event)
    assert [event["time"] for event in events] == sorted(event["time"] for event in events)
    return events


def facts(event: dict) -> str:
    return json.dumps({key: value for key, value in event.items() if key != "time"}, sort_keys=True)


def names(events: list[dict]) -> Counter:
    return Counter(event["event"] for event in events)


def test_a_scripted_life(house: Household) -> None:
    house.serve()
    house.enrol("laptop")
    (house.home("laptop") / "config.toml").write_text("[outbox]\nmax_bytes = 1048576\n")
    house.up("laptop")
    house.is_connected("laptop")
    house.sees("laptop", "laptop")
    assert house.run("laptop", "send", "laptop", "a secret text").returncode == 0
    eventually("it arrived", lambda: "a secret text" in house.run("laptop", "inbox").stdout)

    # A credential that is none, and one where it does not belong.
    assert house.ask_server("/metrics", Authorization="Bearer kin_nonsense", Host="kin.example")[0] == 401
    assert house.ask_server("/healthz?token=abc-secret-def")[0] == 400

    # An outage in which the outbox fills up, with a message that will have expired when it is over.
    house.stop("server")
    house.is_cut_off("laptop")
    assert house.run("laptop", "send", "laptop", "late", "--expires-in", "1s").returncode == 0
    for _ in range(15):
        assert house.run("laptop", "send", "laptop", "-", text="x" * 60_000).returncode == 0
    house.let_expire(1)
    house.serve()
    house.is_connected("laptop")
    eventually("all has left", lambda: house.health("laptop")["outbox"]["pending"] == 0)
    eventually("one is dead", lambda: house.health("laptop")["outbox"]["dead"] == 1)
    eventually("the relay is back", lambda: house.health("laptop")["relays"][0]["connected"])
    assert house.run("laptop", "mesh", "set", "concurrent-policy", "prefer_oldest").returncode == 0
    assert house.stop("laptop") == 0
    assert house.stop("server") == 0

    laptop = events_of(house, "laptop")
    counted = names(laptop)
    # The same server is reached, lost, looked for in vain (each new reason once) and reached again.
    lost = [event for event in laptop if event["event"] == "disconnected"]
    assert [event["reason"] for event in lost][:1] == ["server_draining"] and len(lost) <= 3, lost
    assert len({facts(event) for event in lost}) == len(lost)
    for event, times in {
        "started": 1, "stopped": 1, "connected": 2, "registered": 2, "outbox_pressure_high": 1, "message_dead": 1,
        "mesh_settings_changed": 1,
    }.items():
        assert counted[event] == times, (event, counted)
    allowed = {
        "started", "stopped", "connected", "disconnected", "registered", "unregistered", "outbox_pressure_high",
        "message_dead", "mesh_settings_changed", "stores_kept", "outbox_refusing", "outbox_has_room",
    }
    assert set(counted) <= allowed, counted
    assert laptop[0]["event"] == "started" and laptop[-1]["event"] == "stopped"

    server = events_of(house, "server")
    counted = names(server)
    assert counted == Counter(
        {"listening": 2, "stopped": 2, "registered": 2, "unregistered": 2, "unauthorized": 1, "credential_in_address": 1}
    ), counted

    both = "\n".join(house.log("laptop") + house.log("server"))
    for secret in ("a secret text", "kin_nonsense", "abc-secret-def", PHRASE.split()[-1] + " ", "xxxxxxxx"):
        assert secret not in both


def test_a_refused_daemon(house: Household) -> None:
    house.serve("--wallet", "9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin")
    house.up("laptop")

    def refused() -> bool:
        return house.health("laptop")["broker"]["code"] == "mesh_not_allowed"

    eventually("it is refused", refused)
    status = house.run("laptop", "status")
    assert status.returncode == 1
    assert "have its keeper let this family in" in status.stdout
    house.stop("laptop")
    house.stop("server")
    lost = [event for event in events_of(house, "laptop") if event["event"] == "disconnected"]
    assert len(lost) == 1 and lost[0]["cause"] == "refused", lost
    codes = {event["code"] for event in events_of(house, "server") if event["event"] == "session_refused"}
    assert codes == {"mesh_not_allowed"}
