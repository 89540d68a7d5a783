"""The metrics of a real daemon and a real server, read by a parser that is not ours."""

import re

from household import ROOT, Household, eventually
from prometheus_client.parser import text_string_to_metric_families

Families = dict[str, list]


def documented(*prefixes: str) -> set[str]:
    """The names in the tables of docs/operations.md."""
    page = (ROOT / "docs" / "operations.md").read_text()
    return {name for name in re.findall(r"^\| `([a-z_]+)` \|", page, re.MULTILINE) if name.startswith(prefixes)}


def parsed(answer: tuple[int, str, str]) -> dict:
    status, content_type, text = answer
    assert status == 200, text
    assert content_type.split(";")[0] == "text/plain" and "version=0.0.4" in content_type
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert len(families) == text.count("# TYPE "), "a name comes twice"
    return families


def names(families: dict) -> set[str]:
    """As they stand in the text: the parser takes `_total` off a counter's name."""
    return {name + "_total" if family.type == "counter" else name for name, family in families.items()}


def counts(families: dict) -> dict:
    """Every series that may only rise."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families.values()
        for sample in family.samples
        if family.type == "counter" or sample.name.endswith(("_bucket", "_count", "_sum"))
    }


def check_histograms(families: dict) -> None:
    for family in families.values():
        if family.type != "histogram":
            continue
        series: dict = {}
        for sample in family.samples:
            labels = tuple(sorted((key, value) for key, value in sample.labels.items() if key != "le"))
            series.setdefault((labels, sample.name.removeprefix(family.name)), []).append(sample)
        for (labels, suffix), samples in series.items():
            if suffix != "_bucket":
                continue
            values = [sample.value for sample in samples]
            assert values == sorted(values), family.name
            assert samples[-1].labels["le"] == "+Inf"
            assert values[-1] == series[(labels, "_count")][0].value


def test_both_endpoints(house: Household) -> None:
    house.serve()
    house.up("laptop")
    house.up("studio")
    for name in ("laptop", "studio"):
        house.is_connected(name)
        house.sees(name, "laptop", "studio")
    daemon = parsed(house.ask("laptop", "/v1/metrics"))
    server = parsed(house.ask_server("/metrics"))
    assert names(daemon) == documented("kin_daemon_", "process_")
    assert names(server) == documented("kin_broker_", "kin_relay_", "kin_server_", "process_")

    for number in range(5):
        ended = house.run("laptop", "send", "studio", f"text {number}")
        assert ended.returncode == 0, ended.stderr
    eventually("they arrived", lambda: house.run("studio", "inbox").stdout.count("text") == 5)
    eventually("their receipts came", lambda: house.health("laptop")["outbox"]["pending"] == 0)
    later = parsed(house.ask("laptop", "/v1/metrics"))
    server_later = parsed(house.ask_server("/metrics"))
    for before, after in [(daemon, later), (server, server_later)]:
        check_histograms(after)
        risen = counts(after)
        for series, value in counts(before).items():
            assert risen[series] >= value, series
        assert all(family.documentation for family in after.values())
    sent = ("kin_daemon_send_total", ())
    assert counts(later)[sent] - counts(daemon)[sent] == 5
    accepted = ("kin_broker_accepted_total", ())
    assert counts(server_later)[accepted] - counts(server)[accepted] >= 5
    text = house.ask("laptop", "/v1/metrics")[2] + house.ask_server("/metrics")[2]
    for secret in ("text 1", "studio", "laptop", "127.0.0.1", house.health("laptop")["broker"]["address"]):
        assert secret not in text


def test_a_server_that_others_reach_asks_for_a_key(house: Household) -> None:
    house.serve("--origin", "https://kin.example")
    assert house.ask_server("/metrics")[0] == 401
    made = house.run("server", "apikey", "new", "--data", str(house.home("server")), "--scope", "metrics:read", "--json")
    assert made.returncode == 0, made.stderr
    key = re.findall(r'"key":"(kin_[^"]*)"', made.stdout)[0]
    parsed(house.ask_server("/metrics", Authorization=f"Bearer {key}"))
    assert house.ask_server("/metrics", Authorization="Bearer " + key[:-1] + ("y" if key.endswith("x") else "x"))[0] == 401
    assert not any(key in line for line in house.log("server"))
