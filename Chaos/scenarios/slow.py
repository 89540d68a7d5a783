"""Members that do not read while thousands of messages come for them, and read everything later."""

import signal
import time

import wallet_keys
from errors import Failed
from family import Daemon, Family, Setting
from flood import Flood, finish
from latency import Probe
from lazy import Lazy
from member import Member, Wallet
from progress import say
from report import Row
from stage import Stage, staged
from task import Task
from waiting import wait_until

NAMES = ["laptop", "studio", "kiosk"]
#: A server cuts off whom it hears nothing from for 60 s, and with 4008 who keeps it waiting with 4 MiB for 10 s.
SILENT_SECONDS = 60 + 30
DRIPPING_SECONDS = 600
DRIP_SECONDS = 5
FLOOD_SECONDS = 600


def run(task: Task, row: Row) -> None:
    # A window of 1 MiB and a send buffer of 4 MiB for each of five sessions, beside what a server takes anyway.
    row.server_bound_mib, row.daemon_bound_mib = 64 + 5 * 5, 128
    with staged(task, row, Family(task.kin, NAMES, Setting(folder=task.folder))) as stage:
        stage.meet()
        member = Member(Wallet(wallet_keys.wallet_seed(stage.family.phrase)))
        lazy = Lazy(member, "lazy", stage.family.port, stage.ledger.folder)
        try:
            row.did = Drought(stage, lazy).run()
        finally:
            lazy.close()
        stage.settle()
        stage.judge()
        stage.end()
        stage.again()


class Drought:
    """`lazy` has a socket that nobody reads; the third daemon is stopped by SIGSTOP."""

    def __init__(self, stage: Stage, lazy: Lazy):
        self.stage = stage
        self.lazy = lazy
        self.count = stage.task.size(25_000, 500)
        self.probe = Probe(stage, *stage.family.daemons[:2])

    def run(self) -> str:
        first, second, third = self.stage.family.daemons
        self.lazy.connect(small=True)
        third.process.signal(signal.SIGSTOP)
        try:
            self._flood(first, second, third)
            texts = [] if self.stage.task.short else [self._silent(first), self._dripping(first)]
        finally:
            third.process.signal(signal.SIGCONT)
        self._read_all(first)
        return "; ".join([
            f"{2 * self.count} messages for a member that does not read, {self.count // 5} for a stopped daemon",
            *texts,
            f"others meanwhile {self.probe.text}", f"read later, {len(self.lazy.repeated)} pushes repeated"])

    def _flood(self, first: Daemon, second: Daemon, third: Daemon) -> None:
        say(f"slow: {2 * self.count} messages for a member that does not read")
        ledger, seed = self.stage.ledger, self.stage.task.seed
        lazy, name = self.lazy.member.id, self.lazy.name
        floods = [
            Flood(1, first, lazy, name, self.count, ledger, seed),
            Flood(2, second, lazy, name, self.count, ledger, seed),
            Flood(3, first, third.name, third.name, self.count // 5, ledger, seed),
        ]
        for flood in floods:
            flood.start()
        while any(flood.is_alive() for flood in floods):
            self.probe.run(0)
        finish(floods, FLOOD_SECONDS)

        def unsent() -> int:
            return sum(daemon.ask("/v1/health")["outbox"]["pending"] for daemon in (first, second))

        self.stage.wait(unsent, lambda: "the daemons still hold messages that the server has not taken")

    def _silent(self, other: Daemon) -> str:
        started = time.monotonic()
        wait_until(lambda: self._online(other), SILENT_SECONDS, "the server cutting off a member that does not read")
        return f"cut off {time.monotonic() - started:.0f} s after the last message"

    def _dripping(self, other: Daemon) -> str:
        """Now it reads nothing either, but is heard from."""
        say("slow: the same, with signs of life")
        self.lazy.connect(small=True)
        started, dripped = time.monotonic(), 0.0

        def still_there() -> str | None:
            nonlocal dripped
            if time.monotonic() - dripped > DRIP_SECONDS:
                dripped = time.monotonic()
                try:
                    self.lazy.drip()
                except OSError:
                    return None
                self.probe.run(0)
            return self._online(other)

        wait_until(
            still_there, DRIPPING_SECONDS, "the server cutting off a member that does not read but is heard from")
        return f"with signs of life after {time.monotonic() - started:.0f} s"

    def _online(self, other: Daemon) -> str | None:
        peers = {peer["member"]: peer["online"] for peer in other.ask("/v1/peers")["devices"]}
        if self.lazy.member.id not in peers:
            raise Failed(f"{other.name} does not know the member {self.lazy.member.id}")
        return "it counts as connected" if peers[self.lazy.member.id] else None

    def _read_all(self, sender: Daemon) -> None:
        """And once more over another connection: what the server knows to be acknowledged does not come again."""
        say("slow: now it reads")
        self.lazy.connect(small=False)
        self._read_what_was_acked()
        # These make the server write to its disk what it was told before.
        settled = {identifier for _, identifier in self.lazy.seen}
        self._post_last(4, sender)
        repeated = len(self.lazy.repeated)
        self.lazy.connect(small=False)
        self._post_last(5, sender)
        if again := settled & set(self.lazy.repeated[repeated:]):
            raise Failed(f"{len(again)} messages were pushed again that had been acknowledged, such as {min(again)}")

    def _post_last(self, number: int, sender: Daemon) -> None:
        """Some of each priority: what is older comes before them."""
        ledger = self.stage.ledger
        last = Flood(number, sender, self.lazy.member.id, self.lazy.name, 40, ledger, self.stage.task.seed)
        last.start()
        finish([last], FLOOD_SECONDS)
        self._read_what_was_acked()

    def _read_what_was_acked(self) -> None:
        self.lazy.read(len(self.stage.ledger.acked_for(self.lazy.name)), FLOOD_SECONDS)
        self.lazy.wait_for_pong()
