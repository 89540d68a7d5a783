"""A daemon whose disk fills up: it refuses by the documented code, says so, and comes back."""

from family import Daemon
from inboxes import GrowingInbox
from small_disk import SmallDisk
from stage import Stage
from unix_http import Unreachable
from waiting import wait_until

FULL_SECONDS = 120
RESUME_SECONDS = 60
REFUSALS = 20


class DaemonDisk:
    """The first daemon's."""

    label = "a daemon's disk"

    def __init__(self, stage: Stage, disk: SmallDisk):
        self.rounds = 0
        self.kills = 0
        #: Rounds in which messages came in while it was full.
        self.received = 0
        self._stage = stage
        self._daemon: Daemon = stage.family.daemons[0]
        self._disk = disk

    def round(self, number: int, kill: bool) -> None:
        self._wait_for_full("the daemon saying that its disk is full")
        inbox = GrowingInbox(self._daemon)
        inbox.refresh()
        before = len(inbox.seen)
        wait_until(
            lambda: self._deaf_without_a_word(inbox, before), RESUME_SECONDS,
            "the daemon with the full disk receiving, or saying why it cannot")
        self.received += len(inbox.seen) > before
        if kill:
            self._daemon.process.kill_and_restart()
            self.kills += 1
            self._wait_for_full("the daemon saying so in its next life")
        self._disk.free()
        wait_until(self._not_well, RESUME_SECONDS, "the daemon taking messages again")
        self.rounds += 1

    def _wait_for_full(self, what: str) -> None:
        refusals = self._refusals()
        wait_until(lambda: self._not_full(refusals), FULL_SECONDS, what)

    def _not_full(self, refusals: int) -> str | None:
        """Full is what it answers to sends, and what its health says."""
        self._disk.fill()
        self._stage.family.restart_dead()
        try:
            health = self._daemon.ask("/v1/health")
        except Unreachable as error:
            return str(error)
        pressure = health["outbox"]["pressure"]
        if health["status"] != "degraded" or pressure != "full":
            return f"GET /v1/health says {health['status']}, pressure {pressure}"
        # Some may still fit where the database has room of its own.
        return None if self._refusals() >= refusals + REFUSALS else f"{self._refusals() - refusals} sends were refused"

    def _refusals(self) -> int:
        return self._stage.ledger.counts["answered 507"]

    def _deaf_without_a_word(self, inbox: GrowingInbox, before: int) -> str | None:
        self._disk.fill()
        inbox.refresh()
        if len(inbox.seen) > before:
            return None
        try:
            broker = self._daemon.ask("/v1/health")["broker"]
        except Unreachable as error:
            return str(error)
        return None if broker["last_error"] else "nothing arrives, and its health names no error"

    def _not_well(self) -> str | None:
        self._stage.family.restart_dead()
        try:
            pressure = self._daemon.ask("/v1/health")["outbox"]["pressure"]
        except Unreachable as error:
            return str(error)
        return None if pressure == "none" else f"its pressure is {pressure}"
