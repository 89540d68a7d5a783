"""Calls on a device and through it on another, by a client of their own making."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from call_stream import CallStream
from household import Household
from local_api import LocalAPI
from vectors import ours

from kindred_wire import encodings, remote_files


@pytest.fixture
def calls(house: Household) -> Iterator[CallStream]:
    house.serve()
    for name in ("laptop", "studio"):
        house.up(name)
    for name in ("laptop", "studio"):
        house.is_connected(name)
    house.sees("laptop", "studio")
    stream = CallStream(LocalAPI(house, "laptop"))
    yield stream
    stream.close()


def test_one_answer_here_and_elsewhere(calls: CallStream) -> None:
    for path, name in [("/device/info", "laptop"), ("/head/device/info", "laptop"), ("/studio/device/info", "studio")]:
        answer = calls.ask(path)
        assert isinstance(answer, dict) and answer["name"] == name
        assert set(answer) == {
            "name", "machine_id", "member", "role", "version", "host", "system", "processors", "memory_bytes",
            "uptime_ms",
        }


def test_refusals_say_what_to_do(calls: CallStream) -> None:
    assert calls.refusal("/device/none")["code"] == "NOT_FOUND"
    assert calls.refusal("/studio/device/none")["code"] == "NOT_FOUND"
    nobody = calls.refusal("/nobody/device/info")
    assert nobody["code"] == "unknown_recipient" and nobody["details"]["kind"] == "not_found"
    assert calls.refusal("/studio/term/open", {"columns": 0})["code"] == "INVALID_INPUT"
    assert calls.refusal("/studio/fs/stat", {"path": "/etc/passwd"})["details"]["kind"] == "refused"


def test_a_subscription_stops_at_its_credit(calls: CallStream) -> None:
    count = "i=0; while [ $i -lt 5000 ]; do i=$((i+1)); echo line $i; sleep 0.001; done"
    opened = calls.ask("/studio/term/open", {"command": ["/bin/sh", "-c", count], "plain": True})
    assert isinstance(opened, dict)
    call = calls.request("/studio/term/attach", {"id": opened["id"]}, credit=2)
    seen = b""
    for _ in range(2):
        kind, payload = calls.next(call)
        assert kind == "responded"
        seen += base64.b64decode(payload["output"]["data"])
    assert calls.is_silent(call)
    calls.event(call, "credited", events=60_000)
    while True:
        kind, payload = calls.next(call)
        if kind == "completed":
            break
        if payload["output"]["event"] == "output":
            seen += base64.b64decode(payload["output"]["data"])
    assert seen.split() == b" ".join(b"line %d" % number for number in range(1, 5001)).split()


def test_a_call_given_up_ends_there(calls: CallStream) -> None:
    opened = calls.ask("/studio/term/open", {"command": ["/bin/cat"]})
    assert isinstance(opened, dict)
    call = calls.request("/studio/term/attach", {"id": opened["id"]}, credit=8)
    calls.ask("/studio/term/write", {"id": opened["id"], "data": base64.b64encode(b"hi\n").decode()})
    assert calls.next(call)[0] == "responded"
    calls.event(call, "aborted")
    for _ in range(100):
        listed = calls.ask("/studio/term/list")
        assert isinstance(listed, dict)
        if listed["terminals"][0]["attached"] == 0:
            break
    else:
        raise AssertionError("it is attached still")
    assert "exit" not in listed["terminals"][0], "what runs there runs on"
    closed = calls.ask("/studio/term/close", {"id": opened["id"]})
    assert closed in ({"signal": 1}, {"signal": 9}, {"code": 0})


def test_a_file_goes_there_and_comes_back(calls: CallStream, tmp_path: Path) -> None:
    content = bytes(range(256)) * 40
    path = f"/tmp/{tmp_path.name}-calls.bin"
    calls.ask("/studio/fs/write", {"path": path, "bytes": base64.b64encode(content).decode()})
    try:
        assert Path(path).read_bytes() == content
        piece = calls.ask("/studio/fs/read", {"path": path, "offset": 100, "count": 50})
        assert isinstance(piece, dict) and base64.b64decode(piece["bytes"]) == content[100:150]
    finally:
        Path(path).unlink()


def test_what_is_answered_of_files_has_the_forms_of_the_page(calls: CallStream, tmp_path: Path) -> None:
    def answer(form: str, operation: str, **given: object) -> dict:
        data = encodings.canonical(calls.ask(f"/studio/fs/{operation}", given))
        return remote_files.read_answer(form, data)

    folder = f"/tmp/{tmp_path.name}-forms"
    path = f"{folder}/new"
    assert calls.ask("/studio/fs/mkdir", {"path": folder, "mode": "700"}) == {"made": True}
    try:
        part = answer("part", "part/begin", path=path, size=3)
        calls.ask("/studio/fs/part/write", {"path": path, "part": part["part"], "offset": 0, "bytes": "AQID"})
        written = answer("file", "part/finish", path=path, size=3, part=part["part"])
        assert written["size"] == 3 and written["mode"] == "0644" and written["kind"] == "file"
        assert answer("file", "stat", path=path) == written
        assert answer("piece", "read", path=path, offset=1) == written | {"bytes": "AgM="}
        assert answer("folder", "list", path=folder) == {"entries": [written | {"name": "new"}], "unnameable": 0}
    finally:
        Path(path).unlink(missing_ok=True)
        Path(folder).rmdir()


def test_inputs_are_refused_as_the_vectors_say(calls: CallStream) -> None:
    for entry in ours("remote_files.json")["inputs"]:
        if not entry["valid"]:
            refusal = calls.refusal(f"/studio/fs/{entry['operation']}", json.loads(entry["input"]))
            assert refusal["code"] == "INVALID_INPUT", entry["name"]


def test_a_repeat_under_its_key_has_the_first_answer(calls: CallStream, house: Household) -> None:
    def keyed(stream: CallStream, operation: str, given: object, key: str) -> tuple[str, dict]:
        return stream.next(stream.request(operation, given, idempotencyKey=key))

    given = {"command": ["/bin/cat"], "plain": True}
    kind, first = keyed(calls, "/studio/term/open", given, "one")
    assert kind == "responded"
    again = CallStream(LocalAPI(house, "laptop"))
    assert keyed(again, "/studio/term/open", given, "one") == (kind, first)
    again.close()
    listed = calls.ask("/studio/term/list")
    assert isinstance(listed, dict) and [each["id"] for each in listed["terminals"]] == [first["output"]["id"]]
    kind, refusal = keyed(calls, "/studio/term/open", {"command": ["/bin/ls"]}, "one")
    assert kind == "error" and refusal["code"] == "INVALID_INPUT"
    # Of one's own device it is another key.
    kind, own = keyed(calls, "/term/open", given, "one")
    assert kind == "responded" and own["output"]["id"] != first["output"]["id"]
    for node, opened in (("/studio", first), ("", own)):
        calls.ask(f"{node}/term/close", {"id": opened["output"]["id"]})


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x00\x00\x03abc",
        b"\xff\xff\xff\xff",
        b"\x00\x00\x00\x02[]",
        json.dumps({}).encode(),
    ],
    ids=["no JSON", "too large", "no object", "no length"],
)
def test_what_is_no_call_ends_the_stream(calls: CallStream, data: bytes) -> None:
    calls.ask("/device/info")
    calls.raw(data)
    if data[:1] == b"{":
        calls.raw(b"}" * 10)
    assert calls.ended.wait(10)
