"""`kin status` of real daemons: what is wrong, what to do, and the exit code."""

import json

from household import PHRASE, Household, eventually


def lines(house: Household, name: str) -> list[str]:
    return house.run(name, "status").stdout.splitlines()


def test_well_then_away_then_failed(house: Household) -> None:
    house.serve()
    house.up("laptop")
    house.is_connected("laptop")
    house.sees("laptop", "laptop")
    eventually("all is well", lambda: house.run("laptop", "status").returncode == 0)
    well = lines(house, "laptop")
    assert len(well) == 3 and well[0].startswith("device  laptop is up"), well

    house.stop("server")
    house.is_cut_off("laptop")
    assert house.run("laptop", "send", "laptop", "late", "--expires-in", "1s").returncode == 0
    away = house.run("laptop", "status")
    assert away.returncode == 1
    text = away.stdout.splitlines()
    assert len(text) <= 5
    assert text[1].startswith("broker  http://127.0.0.1") and "not connected for" in text[1], text
    assert "see that the server is up" in text[1] and "1 message waits here" in text[1], text
    assert not any(line.startswith("relays") for line in text), "one server that is away is one problem"

    house.let_expire(1)
    house.serve()
    house.is_connected("laptop")
    eventually("it is dead", lambda: house.health("laptop")["outbox"]["dead"] == 1)

    def failed() -> dict | None:
        status = house.run("laptop", "status", "--json")
        answer = json.loads(status.stdout)
        codes = [problem["code"] for problem in answer["problems"]]
        return answer if status.returncode == 1 and codes == ["messages_failed"] else None

    answer = eventually("only that is wrong", failed)
    assert answer["healthy"] is False
    found = json.loads(house.run("laptop", "outbox", "--failed", "--json").stdout)["messages"]
    assert house.run("laptop", "outbox", "drop", found[0]["client_message_id"]).returncode == 0
    eventually("all is well again", lambda: house.run("laptop", "status").returncode == 0)


def test_a_second_machine_is_revoked(house: Household) -> None:
    house.serve()
    house.up("laptop")
    house.up("studio")
    for name in ("laptop", "studio"):
        house.is_connected(name)
        house.sees(name, "laptop", "studio")
    revoked = house.run("laptop", "device", "revoke", "studio", "--reason", "lost", text=PHRASE)
    assert revoked.returncode == 0, revoked.stderr
    assert house.wait("studio") == 4
    status = house.run("studio", "status")
    assert status.returncode == 3
    assert status.stdout.startswith("device  revoked (lost)"), status.stdout
    # Another start would not help.
    assert "kin up" not in status.stdout
    last = json.loads(house.log("studio")[-1])
    assert last["event"] == "failed" and last["code"] == "device_revoked"
    eventually("the laptop is well", lambda: house.run("laptop", "status").returncode == 0)
