"""A relay alone, as a process that can write nowhere; its links and rooms, spoken to without any of our code."""

import base64
import http.client
import json
import os
import signal
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from household import Household, eventually
from web_socket import Peer

ROUTE = "US517G5965aydkZ46HS38QLi7UQiSojurfbQfKCELFx"
MACHINE = "0123456789abcdef"

# Every mount becomes read-only for what is started here and for nobody else; those that cannot be (the kernel's own) are no disk.
READ_ONLY = """
set -e
mount --make-rprivate /
cut -d' ' -f2 /proc/self/mounts | sort -r | while read -r point; do
    mount -o remount,bind,ro "$point" 2>/dev/null || true
done
for folder in "$HOME" /tmp /var/tmp "$PWD" /dev/shm; do
    if [ -d "$folder" ] && touch "$folder/kindred-was-here" 2>/dev/null; then echo "$folder can be written" >&2; exit 9; fi
done
exec "$@"
"""


def register(port: int) -> Peer:
    path = f"/agent/signal?owner_id={ROUTE}&machine_id={MACHINE}"
    device = Peer(port, path, X_Kin_Registration_Secret="a" * 64)
    assert device.status == 101
    assert device.receive() == (1, b'{"type":"ready"}')
    blob = base64.b64encode(b"a sealed record").decode()
    device.send(json.dumps({"type": "registry", "registry": blob}).encode(), opcode=1)
    return device


def ask(port: int, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    result = answer.status, dict(answer.getheaders()), answer.read()
    connection.close()
    return result


def may_mount() -> bool:
    tried = subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False)
    return tried.returncode == 0


@contextmanager
def relay(house: Household, prefix: list[str], folder: str) -> Iterator[int]:
    """The port of a relay alone, whose home is `folder`."""
    environment = {"HOME": folder, "KINDRED_HOME": folder + "/kindred", "PATH": os.environ["PATH"]}
    process = subprocess.Popen(
        [*prefix, house.kin, "serve", "--relay-only", "--listen", "127.0.0.1:0", "--json"],
        env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None and process.stderr is not None
        line = process.stdout.readline()
        assert line, process.stderr.read().decode()
        yield int(json.loads(line)["listening"].rsplit(":", 1)[1])
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 0, errors
    events = [json.loads(line)["event"] for line in errors.decode().splitlines()]
    assert events[-1] == "stopped" and not [event for event in events if "unwritable" in event], events


def use(port: int) -> None:
    """Everything a relay does."""
    assert ask(port, "/healthz")[0] == 200
    device = register(port)
    path = f"/registry?wallet={ROUTE}"
    eventually("the record is shown", lambda: json.loads(ask(port, path)[2]) != [])
    status, headers, body = ask(port, path)
    assert status == 200
    assert json.loads(body) == [{"machine_id": MACHINE, "blob": base64.b64encode(b"a sealed record").decode()}]
    tag = next(value for name, value in headers.items() if name.lower() == "etag")
    assert ask(port, path, If_None_Match=tag)[0::2] == (304, b"")

    nobody = Peer(port, f"/link?owner_id={ROUTE}&machine_id={'0' * 16}")
    assert nobody.status == 101 and nobody.closed() == (4404, "device_offline")
    near = Peer(port, f"/link?owner_id={ROUTE}&machine_id={MACHINE}")
    near.send(b"first words")
    attach = json.loads(device.receive()[1])
    assert attach.keys() == {"type", "session"} and attach["type"] == "attach" and len(attach["session"]) == 32
    far = Peer(port, f"/link?session={attach['session']}")
    assert far.receive() == (2, b"first words")
    large = os.urandom(65_535)
    far.send(large)
    assert near.receive() == (2, large)
    thief = Peer(port, f"/link?session={attach['session']}")
    assert thief.closed() == (4410, "session_gone")
    near.send(struct.pack(">H", 1000), opcode=8)
    assert far.closed() == (4405, "peer_closed")

    room = f"/pair?room={'5e' * 32}"
    first, second = Peer(port, room), Peer(port, room)

    def talk() -> None:
        first.send(b"1")
        second.send(b"2")
        assert first.receive() == (2, b"2") and second.receive() == (2, b"1")

    # Who is in the room is settled once they hear each other, not once they are connected.
    talk()
    third = Peer(port, room)
    assert third.closed() == (4409, "room_taken")
    talk()
    assert Peer(port, "/pair?room=5E").status == 400
    first.close()
    assert second.closed() == (4406, "peer_lost")
    figures = ask(port, "/metrics")[2].decode()
    assert 'kin_relay_spliced_total{kind="link"} 1' in figures and 'kin_relay_spliced_total{kind="pair"} 1' in figures
    device.close()


@pytest.mark.skipif(not may_mount(), reason="this machine lets nobody make a file system read-only")
def test_on_a_read_only_file_system(house: Household) -> None:
    house.home("relay").mkdir()
    with relay(house, ["unshare", "-m", "bash", "-c", READ_ONLY, "read-only"], str(house.home("relay"))) as port:
        use(port)
    assert list(house.home("relay").iterdir()) == []


def test_in_a_folder_that_may_not_be_written(house: Household) -> None:
    house.home("relay").mkdir(mode=0o500)
    with relay(house, [], str(house.home("relay"))) as port:
        use(port)
    assert list(house.home("relay").iterdir()) == []


def test_a_relay_alone_takes_nothing_that_is_a_brokers(house: Household) -> None:
    for option in (["--data", "/tmp/x"], ["--open"], ["--wallet", ROUTE], ["--blob-bytes", "2048"]):
        ended = house.run("relay", "serve", "--relay-only", *option)
        assert ended.returncode == 2 and "--relay-only runs no broker" in ended.stderr, option
