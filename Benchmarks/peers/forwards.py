#!/usr/bin/env python3
"""A stream and a one-byte echo over loopback: direct, through socat, and through `ssh -L` with an sshd of our own. A JSON line each.

  {"peer": "ssh -L", "mb_per_second": 701.2, "echo_p50": 0.0001, "echo_p99": 0.00017}       seconds; megabytes of 10^6
"""

import json
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Chaos"))

from family import free_port  # noqa: E402
from ssh_server import SSHServer  # noqa: E402
from waiting import wait_until  # noqa: E402

MEGABYTES = 200
PASSES = 5
CHUNK = bytes(1_000_000)


def main(seconds: float) -> None:
    # Whoever starts this may have blocked signals, and those started here would inherit it.
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    targets = [serve(sink), serve(echo)]
    measure("direct", targets, seconds)
    folder = Path(tempfile.mkdtemp(prefix="kin-forwards-"))
    try:
        if shutil.which("socat"):
            with_socat(targets, seconds)
        if SSHServer.program():
            with SSHServer(folder) as server:
                with_ssh(server, targets, seconds)
    finally:
        shutil.rmtree(folder)


def with_socat(targets: list[int], seconds: float) -> None:
    ports = [free_port() for _ in targets]
    # Its children outlive it, and would keep our output open.
    processes = [
        subprocess.Popen([
            "socat", "-b", "65536", f"TCP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr,nodelay",
            f"TCP:127.0.0.1:{target},nodelay"], stdout=subprocess.DEVNULL)
        for port, target in zip(ports, targets)]
    through("socat", processes, ports, seconds)


def with_ssh(server: SSHServer, targets: list[int], seconds: float) -> None:
    ports = [free_port() for _ in targets]
    maps = [part for port, target in zip(ports, targets) for part in ("-L", f"127.0.0.1:{port}:127.0.0.1:{target}")]
    command = server.ssh("-N", "-o", "ExitOnForwardFailure=yes", *maps, "127.0.0.1")
    through("ssh -L", [subprocess.Popen(command, stdout=subprocess.DEVNULL)], ports, seconds)


def through(peer: str, processes: list[subprocess.Popen], ports: list[int], seconds: float) -> None:
    try:
        for port in ports:
            wait_until(lambda port=port: refusal(port), 20, peer)
        measure(peer, ports, seconds)
    finally:
        for process in processes:
            process.terminate()
            process.wait()


def refusal(port: int) -> str | None:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError as error:
        return str(error)
    return None


# The far end: counts what comes, or gives it back.


def sink(connection: socket.socket) -> None:
    buffer, came = bytearray(1 << 20), 0
    while count := connection.recv_into(buffer):
        came += count
        if came == MEGABYTES * len(CHUNK):
            connection.sendall(b"k")


def echo(connection: socket.socket) -> None:
    while data := connection.recv(64):
        connection.sendall(data)


def serve(handler: Callable[[socket.socket], None]) -> int:
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            connection = listener.accept()[0]
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=handler, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


# The near end.


def measure(peer: str, ports: list[int], seconds: float) -> None:
    rates = [stream(ports[0]) for _ in range(PASSES)]
    times = sorted(echoes(ports[1], seconds))
    print(json.dumps({
        "peer": peer, "mb_per_second": round(statistics.median(rates), 1), "echo_p50": times[len(times) // 2],
        "echo_p99": times[int(len(times) * 0.99)]}), flush=True)


def stream(port: int) -> float:
    with connect(port) as connection:
        started = time.monotonic()
        for _ in range(MEGABYTES):
            connection.sendall(CHUNK)
        if connection.recv(1) != b"k":
            raise SystemExit("the stream broke off")
        return MEGABYTES / (time.monotonic() - started)


def echoes(port: int, seconds: float) -> list[float]:
    times, end = [], time.monotonic() + seconds
    with connect(port) as connection:
        while time.monotonic() < end:
            started = time.perf_counter()
            connection.sendall(b"x")
            connection.recv(1)
            times.append(time.perf_counter() - started)
    return times


def connect(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), 60)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


if __name__ == "__main__":
    main(float(sys.argv[1]))
