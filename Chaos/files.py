#!/usr/bin/env python3
"""Shares one large file between two daemons, with SIGKILLs of everybody on the way, and watches memory from outside.

  python3 Chaos/files.py --kin .build/debug/kin                     400 MiB, 6 kills
  python3 Chaos/files.py --kin .build/release/kin --mib 2048        2 GiB, the server told to take it
  python3 Chaos/files.py --kin .build/release/kin --kills 0 --scp   how long it takes, beside scp over loopback

Kept: the file arrives byte for byte, nothing is begun again, and no process grows by more than --bound MiB over what it took before.
Exit code: 0 kept, 1 broken (the folder is kept), 2 usage.
"""

import argparse
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

from errors import Failed
from family import Daemon, Family, Setting, free_port
from footprint import Footprint
from processes import end_all
from progress import say
from ssh_server import SSHServer
from unix_http import Unreachable
from waiting import wait_until

MIB = 1 << 20
SHARED = ("queued", "relayed", "delivered", "read")
SECONDS = 3600


def main() -> int:
    options = parse()
    family = Family(options.kin, ["laptop", "studio"], setting(options.mib))
    report: dict = {"mib": options.mib, "kills": 0}
    kept = False
    try:
        transfer(family, options, report)
        kept = True
    except Failed as error:
        report["problem"] = str(error)
    finally:
        family.destroy(keep=not kept)
    if not kept:
        report["folder"] = str(family.folder)
    print(json.dumps(report))
    return 0 if kept else 1


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kin", type=lambda text: Path(text).resolve(), required=True)
    parser.add_argument("--mib", type=int, default=400)
    parser.add_argument("--kills", type=int, default=6, help="in all, half of them on the way up")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bound", type=int, default=48, help="MiB that a process may grow")
    parser.add_argument("--scp", action="store_true", help="measure scp of the same file beside it")
    return parser.parse_args()


def setting(mib: int, folder: Path | None = None) -> Setting:
    """A server that takes so large a file."""
    limit = str((mib + 16) * MIB)
    return Setting(
        folder=folder, port=free_port(), server_arguments=("--blob-bytes", limit, "--blob-total", str(4 * int(limit))))


def transfer(family: Family, options, report: dict) -> None:
    """One file there and back; `options` has `mib`, `kills`, `seed`, `bound` and `scp`. `Failed` where a promise is broken."""
    laptop, studio = family.daemons
    source = family.folder / "source.bin"
    wanted = write_source(source, options.mib)
    family.start()
    family.wait_until_acquainted()
    before = peaks(family, seconds=2)
    footprint = Footprint(family.processes)
    footprint.start()
    rng = random.Random(options.seed)
    try:
        started = time.monotonic()
        shared = json.loads(family.command(laptop.home, "share", str(source), "--to", "studio", "--no-wait", "--json"))
        upload(family, laptop, shared["id"], options.kills - options.kills // 2, rng, report)
        report["share_seconds"] = round(time.monotonic() - started, 2)
        wait_until(lambda: missing(studio, shared["id"]), 60, "the message of the file")
        started = time.monotonic()
        out = family.folder / "out.bin"
        download(family, studio, shared["id"], out, options.kills // 2, rng, report)
        report["get_seconds"] = round(time.monotonic() - started, 2)
    finally:
        footprint.stop()
    for process in family.processes:
        report[f"{process.label}_resident_mib"] = most_resident_mib(process.running_pid)
    if digest(out) != wanted:
        raise Failed("the file is another one")
    leftovers = [path.name for path in family.folder.glob(".kin-*")]
    if leftovers:
        raise Failed(f"left behind: {leftovers}")
    for process in family.processes:
        peak = footprint.peak_mib(process.label) or 0
        grown = round(peak - before[process.label], 1)
        report[f"{process.label}_peak_mib"], report[f"{process.label}_grew_mib"] = round(peak, 1), grown
        if grown > options.bound:
            raise Failed(f"{process.label} grew by {grown} MiB")
    if family.deaths:
        raise Failed("; ".join(family.deaths))
    if options.scp:
        report["scp_seconds"] = scp(family.folder, source)
    problems = end_all(family.processes)
    if problems:
        raise Failed("; ".join(problems))


def write_source(path: Path, mib: int) -> str:
    """Blocks that all differ, without taking an hour to make."""
    block, total = bytearray(os.urandom(MIB)), hashlib.sha256()
    with open(path, "wb") as file:
        for number in range(mib):
            block[:8] = number.to_bytes(8, "big")
            file.write(block)
            total.update(block)
        # Not a whole number of chunks.
        file.write(b"end")
        total.update(b"end")
    return total.hexdigest()


def digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def most_resident_mib(pid: int | None) -> float | None:
    """The most that this life of a process had in memory, its binary and what it shares included; None where that cannot be known."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return round(int(line.split()[1]) / 1024, 1)
    except (OSError, ValueError):
        pass
    return None


def peaks(family: Family, seconds: float) -> dict[str, float]:
    watch = Footprint(family.processes)
    watch.start()
    time.sleep(seconds)
    watch.stop()
    return {process.label: watch.peak_mib(process.label) or 0 for process in family.processes}


def look(daemon: Daemon, file: str) -> dict | None:
    """None while it is away."""
    try:
        return daemon.ask(f"/v1/file/list?id={file}")["files"][0]
    except Unreachable:
        return None


def missing(daemon: Daemon, file: str) -> str | None:
    return None if look(daemon, file) else "it is not there"


def upload(family: Family, daemon: Daemon, file: str, kills: int, rng: random.Random, report: dict) -> None:
    """Kills server or sender each time some more has gone up."""
    deadline, highest = time.monotonic() + SECONDS, 0
    for number in range(kills + 1):
        while True:
            state = look(daemon, file)
            if state is None:
                time.sleep(0.02)
                continue
            if state["status"] in SHARED:
                report["killed_while_uploading"] = number
                return
            if state["status"] == "dead":
                raise Failed(f"the share is dead: {state['last_error']}")
            highest = max(highest, state["transferred"])
            if number < kills and state["transferred"] > state["size"] * (number + 1) / (kills + 2):
                break
            if time.monotonic() > deadline:
                raise Failed(f"the share stands at {state}")
            time.sleep(0.01)
        victim = rng.choice([family.server, daemon.process])
        say(f"SIGKILL of {victim.label} at {state['transferred'] // MIB} MiB of the upload")
        victim.kill_and_restart()
        report["kills"] += 1


def download(
    family: Family, daemon: Daemon, file: str, out: Path, kills: int, rng: random.Random, report: dict
) -> None:
    """`kin get` again and again until it has it; what is there never gets less than a chunk's worth smaller."""
    part = out.parent / f".kin-{file}.part"
    size, done, results = look_size(daemon, file), threading.Event(), []

    def get() -> None:
        while not done.is_set():
            try:
                results.append(family.command(daemon.home, "get", file, "--out", str(out)))
                return done.set()
            except Failed as error:
                results.append(str(error))
                time.sleep(0.2)

    thread = threading.Thread(target=get)
    thread.start()
    try:
        for number in range(kills):
            target = size * (number + 1) // (kills + 1)
            wait_until(
                lambda target=target: None if done.is_set() or grown(part) >= target else f"{grown(part)} bytes",
                SECONDS, "the download")
            if done.is_set():
                break
            victim = rng.choice([family.server, daemon.process])
            reached = grown(part)
            say(f"SIGKILL of {victim.label} at {reached // MIB} MiB of the download")
            victim.kill_and_restart()
            report["kills"] += 1
            time.sleep(0.3)
            if not done.is_set() and part.exists() and grown(part) < reached - 65_536:
                raise Failed("the download was begun again")
        wait_until(lambda: None if done.is_set() else f"{results[-1:]}", SECONDS, "the file")
    finally:
        done.set()
        thread.join()


def grown(part: Path) -> int:
    try:
        return part.stat().st_size
    except FileNotFoundError:
        return 0


def look_size(daemon: Daemon, file: str) -> int:
    state = look(daemon, file)
    if state is None:
        raise Failed("the reader is away")
    return int(state["size"])


def scp(folder: Path, source: Path) -> float | None:
    """Seconds for the same file by a real sshd on loopback; None where there is none."""
    if SSHServer.program() is None or shutil.which("scp") is None:
        return None
    with SSHServer(folder) as server:
        started = time.monotonic()
        subprocess.run(server.command("scp", "-P", "-q", str(source), f"127.0.0.1:{folder}/scp.bin"), check=True)
        os.sync()
        return round(time.monotonic() - started, 2)


if __name__ == "__main__":
    sys.exit(main())
