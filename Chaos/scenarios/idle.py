"""Thousands of connections that do nothing, while two daemons exchange messages."""

import os
import time
from collections.abc import Iterator

from errors import Failed
from family import Family, Setting
from footprint import anonymous_bytes
from idlers import Idler, Idlers
from latency import Probe
from member import Member, Wallet
from progress import say
from report import Row
from stage import Stage, staged
from task import Task
from waiting import wait_until

NAMES = ["laptop", "studio"]
#: What a server gives a connection to become a WebSocket, and a WebSocket to say hello; and some time to end them all.
DEADLINES = {"silent": 5, "mute": 10}
GRACE_SECONDS = 10
MEMBERS_OF_A_MESH = 10
#: A server cuts off who is silent for 60 s; its pings come every 20.
HOLD_SECONDS = 75
PROBE_SECONDS = 1.0


def run(task: Task, row: Row) -> None:
    count = task.size(10_000, 300)
    # 24 KiB each beside what a server takes anyway.
    row.server_bound_mib, row.daemon_bound_mib = 64 + count * 24 / 1024, 64
    with staged(task, row, Family(task.kin, NAMES, Setting(folder=task.folder))) as stage:
        stage.meet()
        idlers = Idlers(stage.family.port)
        try:
            crowd = Crowd(stage, idlers, count)
            texts = [crowd.unwelcome("silent"), crowd.unwelcome("mute"), crowd.members()]
        finally:
            idlers.close()
        row.did = f"{count} connections each: {'; '.join(texts)}"
        stage.settle()
        stage.judge()
        stage.end()
        stage.again()


class Crowd:
    """Each kind of idle connection, and what is observed meanwhile."""

    def __init__(self, stage: Stage, idlers: Idlers, count: int):
        self.stage = stage
        self.idlers = idlers
        self.count = count
        self.probe = Probe(stage, *stage.family.daemons)
        #: Once for all kinds: what one kind leaves to the allocator the next one uses.
        self._before = self._server_bytes()

    def unwelcome(self, kind: str) -> str:
        """Connections that never say who they are: the server has to end them."""
        say(f"idle: {self.count} {kind} connections")
        opened = self.idlers.open(kind, self.count, None, seconds=120)
        each = self._kib_each()
        self.probe.run(PROBE_SECONDS)
        deadline = DEADLINES[kind] + GRACE_SECONDS
        wait_until(
            lambda: self._still_open(opened), deadline,
            f"the server ending {kind} connections after {DEADLINES[kind]} s")
        early = min(idler.closed_at - idler.opened_at for idler in opened)
        if early < DEADLINES[kind] - 1:
            raise Failed(f"a {kind} connection was ended after {early:.1f} s already")
        codes = {idler.close_code for idler in opened}
        if kind == "mute" and codes != {4001}:
            raise Failed(f"mute connections were closed with {codes}, not 4001")
        return f"{kind}: {each}, ended after {DEADLINES[kind]} s"

    def members(self) -> str:
        """Members that said hello and then only answer pings: the server keeps them."""
        say(f"idle: {self.count} members")
        supply = _members()
        opened = self.idlers.open("member", self.count, lambda: next(supply), seconds=300)
        held_until = time.monotonic() + self.stage.task.size(HOLD_SECONDS, 5)
        each = self._kib_each()
        self.probe.run(held_until - time.monotonic())
        if lost := [idler for idler in opened if not idler.is_open]:
            raise Failed(f"{len(lost)} of {self.count} members were cut off, with close code {lost[0].close_code}")
        return f"members: {each}, kept; delivery meanwhile {self.probe.text}"

    def _still_open(self, opened: list[Idler]) -> str | None:
        left = sum(idler.is_open for idler in opened)
        return f"{left} of {len(opened)} are open" if left else None

    def _kib_each(self) -> str:
        return f"{(self._server_bytes() - self._before) / self.count / 1024:.0f} KiB each"

    def _server_bytes(self) -> int:
        return anonymous_bytes(self.stage.family.server.pid) or 0


def _members() -> Iterator[Member]:
    """Ten of each mesh, without end: each is told of all members of its mesh."""
    while True:
        wallet = Wallet(os.urandom(32))
        for _ in range(MEMBERS_OF_A_MESH):
            yield Member(wallet)
