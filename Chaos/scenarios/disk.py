"""The disk of the server and then that of a daemon fills up under load, is found full, and is freed again."""

import random
import urllib.error
import urllib.request
from contextlib import ExitStack

from errors import Failed
from family import Daemon, Family, Setting
from inboxes import Deliveries, GrowingInbox
from ledger import Posting
from load import post_once
from progress import say
from report import Row
from small_disk import SmallDisk, keep_contents, small_disk
from stage import Stage, staged
from task import Task
from unix_http import Unreachable
from waiting import wait_until

NAMES = ["laptop", "studio", "kiosk"]
DISK_MIB = 48
FULL_SECONDS = 120
RESUME_SECONDS = 60
HELD = 5
REFUSALS = 20


def run(task: Task, row: Row) -> None:
    row.server_bound_mib, row.daemon_bound_mib = 64, 64
    with ExitStack() as disks:
        server_disk = disks.enter_context(small_disk(task.folder / "data", DISK_MIB))
        daemon_disk = disks.enter_context(small_disk(task.folder / "h1", DISK_MIB))
        with staged(task, row, Family(task.kin, NAMES, Setting(folder=task.folder))) as stage:
            rounds = Rounds(stage, server_disk, daemon_disk)
            stage.meet()
            stage.load(1, 100, rounds.run)
            row.did = rounds.summary()
            stage.settle()
            stage.judge()
            stage.end()
            stage.again()
        if row.problems:
            keep_contents(server_disk)
            keep_contents(daemon_disk)


class Rounds:
    """Alternately the server's disk and the first daemon's; in some a SIGKILL comes while it is full."""

    def __init__(self, stage: Stage, server_disk: SmallDisk, daemon_disk: SmallDisk):
        self.stage = stage
        self.family = stage.family
        self.server_disk = server_disk
        self.daemon_disk = daemon_disk
        self.done = {"server": 0, "daemon": 0}
        self.kills = 0
        self.received_while_full = 0
        self._random = random.Random(f"disk {stage.task.seed}")

    def summary(self) -> str:
        return (
            f"server's disk full {self.done['server']} times, a daemon's {self.done['daemon']} times, "
            f"{self.kills} SIGKILLs while full, "
            f"received in {self.received_while_full} rounds")

    def run(self) -> None:
        pairs = self.stage.task.size(20, 2)
        for number in range(pairs):
            # Both kinds are seen even where there are few rounds.
            self._server_round(number, kill=self._kills(number))
            self._daemon_round(kill=self._kills(number))

    def _kills(self, number: int) -> bool:
        drawn = self._random.random() < 0.5
        return drawn or number == 0

    # The server's disk

    def _server_round(self, number: int, kill: bool) -> None:
        say(f"disk: the server's disk fills{', with a SIGKILL' if kill else ''}")
        laptop, _, kiosk = self.family.daemons
        kiosk.process.kill()
        held = self._hold(laptop, kiosk, number)
        wait_until(self._server_not_full, FULL_SECONDS, "the server saying that its disk is full")
        if kill:
            self.family.server.kill_and_restart()
            self.kills += 1
        kiosk.process.start()
        inbox = GrowingInbox(kiosk)
        wait_until(
            lambda: self._not_read(inbox, held), RESUME_SECONDS,
            "messages stored before being delivered while the server's disk is full")
        self.server_disk.free()
        wait_until(self._server_not_well, RESUME_SECONDS, "the server taking messages again")
        self.done["server"] += 1

    def _hold(self, sender: Daemon, to: Daemon, number: int) -> set[str]:
        """Messages that the server has on its disk and `to`, which is away, has not."""
        api, ids = sender.api(), set()
        for place in range(1, HELD + 1):
            posting = Posting(f"held-{number}-{place}", 1000 + number, place, sender.name, to.name, "next", "held")
            self.stage.ledger.post(posting)
            wait_until(
                lambda posting=posting: None if post_once(api, posting, self.stage.ledger) else "not taken",
                RESUME_SECONDS, f"{posting.id} being taken")
            self.stage.ledger.ack(posting)
            ids.add(posting.id)
        api.close()
        relayed = Deliveries(sender, ids, "relayed")

        def waiting() -> str | None:
            relayed.refresh()
            return str(relayed.said) if relayed.left else None

        wait_until(waiting, RESUME_SECONDS, "messages for a device that is away being relayed")
        return ids

    def _server_not_full(self) -> str | None:
        """Full is what it says itself to a probe, and to daemons that send."""
        self.server_disk.fill()
        self.family.restart_dead()
        status = self._health()
        if status != 503:
            return f"GET /healthz answers {status}"
        return None if "storage_full" in self._last_errors() else "no daemon was answered storage_full"

    def _not_read(self, inbox: GrowingInbox, wanted: set[str]) -> str | None:
        self.server_disk.fill()
        self.family.restart_dead()
        inbox.refresh()
        return f"{len(wanted - inbox.seen)} of {len(wanted)} are not there" if wanted - inbox.seen else None

    def _server_not_well(self) -> str | None:
        self.family.restart_dead()
        status = self._health()
        return None if status == 200 else f"GET /healthz answers {status}"

    def _health(self) -> int | str:
        try:
            with urllib.request.urlopen(f"{self.family.url}/healthz", timeout=10) as answer:
                return answer.status
        except urllib.error.HTTPError as refusal:
            return refusal.code
        except OSError as error:
            return str(error)

    def _last_errors(self) -> set[str]:
        errors: set[str] = set()
        for daemon in self.family.daemons[:2]:
            try:
                errors |= {str(message["last_error"]) for message in daemon.ask("/v1/outbox?limit=500")["messages"]}
            except Unreachable:
                continue
        return errors

    # A daemon's disk

    def _daemon_round(self, kill: bool) -> None:
        say(f"disk: a daemon's disk fills{', with a SIGKILL' if kill else ''}")
        daemon = self.family.daemons[0]
        wait_until(lambda: self._daemon_not_full(daemon), FULL_SECONDS, "the daemon saying that its disk is full")
        refusals = self._refusals()
        wait_until(
            lambda: None if self._refusals() >= refusals + REFUSALS else "few sends were refused", FULL_SECONDS,
            f"{REFUSALS} sends being refused by the daemon")
        inbox = GrowingInbox(daemon)
        inbox.refresh()
        before = len(inbox.seen)
        wait_until(
            lambda: self._deaf_without_a_word(daemon, inbox, before), RESUME_SECONDS,
            "the daemon with the full disk receiving, or saying why it cannot")
        self.received_while_full += len(inbox.seen) > before
        if kill:
            daemon.process.kill_and_restart()
            self.kills += 1
            wait_until(lambda: self._daemon_not_full(daemon), FULL_SECONDS, "the daemon saying so in its next life")
        self.daemon_disk.free()
        wait_until(lambda: self._daemon_not_well(daemon), RESUME_SECONDS, "the daemon taking messages again")
        self.done["daemon"] += 1

    def _daemon_not_full(self, daemon: Daemon) -> str | None:
        """Full is what it answers to a send, and what its health says."""
        self.daemon_disk.fill()
        self.family.restart_dead()
        try:
            health = daemon.ask("/v1/health")
        except Unreachable as error:
            return str(error)
        pressure = health["outbox"]["pressure"]
        if health["status"] != "degraded" or pressure != "full":
            return f"GET /v1/health says {health['status']}, pressure {pressure}"
        api = daemon.api()
        try:
            answer = api.post("/v1/send", {"to": "studio", "message": "probe", "client_message_id": "probe"})
        except Unreachable as error:
            return str(error)
        finally:
            api.close()
        if answer.status != 507:
            raise Failed(f"with its disk full the daemon answered {answer.status} {answer.code}")
        return None

    def _refusals(self) -> int:
        return self.stage.ledger.counts["answered 507"]

    def _deaf_without_a_word(self, daemon: Daemon, inbox: GrowingInbox, before: int) -> str | None:
        self.daemon_disk.fill()
        inbox.refresh()
        if len(inbox.seen) > before:
            return None
        try:
            broker = daemon.ask("/v1/health")["broker"]
        except Unreachable as error:
            return str(error)
        return None if broker["last_error"] else "nothing arrives, and its health names no error"

    def _daemon_not_well(self, daemon: Daemon) -> str | None:
        self.family.restart_dead()
        try:
            health = daemon.ask("/v1/health")
        except Unreachable as error:
            return str(error)
        return None if health["outbox"]["pressure"] == "none" else f"pressure is {health['outbox']['pressure']}"
