"""A server whose disk fills up: what it says, what goes on, and what comes after."""

import urllib.error
import urllib.request

from errors import Failed
from family import Daemon
from inboxes import Deliveries, GrowingInbox
from ledger import Posting
from load import post_once
from small_disk import SmallDisk
from stage import Stage
from unix_http import LocalAPI, Unreachable
from waiting import wait_until

FULL_SECONDS = 120
RESUME_SECONDS = 60
HEIR_SECONDS = 30
HELD = 5


class ServerDisk:
    """Sends are refused as retryable, reads go on, and when there is room everything goes on."""

    label = "the server's disk"

    def __init__(self, stage: Stage, disk: SmallDisk):
        self.rounds = 0
        self.kills = 0
        #: Messages dropped by their user before they were sent.
        self.given_up: set[str] = set()
        self._stage = stage
        self._family = stage.family
        self._disk = disk
        self._heirs_wait = False

    def round(self, number: int, kill: bool) -> None:
        laptop, studio, kiosk = self._family.daemons
        kiosk.process.kill()
        held = self._hold(laptop, kiosk, number)
        wait_until(self._not_full, FULL_SECONDS, "the server saying that its disk is full")
        if kill:
            self._family.server.kill_and_restart()
            self.kills += 1
        heir = None if self._heirs_wait else self._give_up(studio, number)
        kiosk.process.start()
        inbox = GrowingInbox(kiosk)
        wait_until(
            lambda: self._not_read(inbox, held), RESUME_SECONDS,
            "messages stored before being delivered while the server's disk is full")
        self._disk.free()
        wait_until(self._not_well, RESUME_SECONDS, "the server taking messages again")
        if heir is not None:
            self._require_heir(studio, heir)
        self.rounds += 1

    def _hold(self, sender: Daemon, to: Daemon, number: int) -> set[str]:
        """Messages that the server has on its disk and `to`, which is away, has not."""
        api, ids = sender.api(), set()
        for place in range(1, HELD + 1):
            posting = Posting(f"held-{number}-{place}", 1000 + number, place, sender.name, to.name, "next", "held")
            self._post(api, posting)
            ids.add(posting.id)
        api.close()
        self._wait_for(sender, ids, "relayed", RESUME_SECONDS, "messages for a device that is away being relayed")
        return ids

    def _give_up(self, sender: Daemon, number: int) -> str:
        """A message is refused and its user drops it; returns the id of the one behind it, which has to go on its way.

        To the device itself, where nothing else is on the way in the same order.
        """
        lane = (2000 + number, sender.name, sender.name, "next")
        doomed = Posting(f"doomed-{number}", lane[0], 1, *lane[1:], "given up")
        heir = Posting(f"heir-{number}", lane[0], 2, *lane[1:], "goes on")
        api = sender.api()
        for posting in (doomed, heir):
            self._post(api, posting)
        wait_until(
            lambda: self._not_refused(api, doomed.id), FULL_SECONDS, f"{doomed.id} being refused by the full server")
        wait_until(lambda: self._not_dropped(api, doomed.id), RESUME_SECONDS, f"{doomed.id} being dropped")
        self.given_up.add(doomed.id)
        api.close()
        return heir.id

    def _require_heir(self, sender: Daemon, heir: str) -> None:
        """Said once: the other rounds go on without, and have more to show."""
        try:
            self._wait_for(
                sender, {heir}, "delivered", HEIR_SECONDS, "what is behind a refused message that was dropped arriving")
        except Failed as failure:
            self._heirs_wait = True
            self._stage.row.problems.append(str(failure))

    # Conditions; each call fills again what was freed

    def _not_full(self) -> str | None:
        """Full is what it says itself to a probe, and to daemons that send."""
        self._fill()
        if (status := self._health()) != 503:
            return f"GET /healthz answers {status}"
        return None if "storage_full" in self._last_errors() else "no daemon was answered storage_full"

    def _not_read(self, inbox: GrowingInbox, wanted: set[str]) -> str | None:
        self._fill()
        inbox.refresh()
        return f"{len(wanted - inbox.seen)} of {len(wanted)} are not there" if wanted - inbox.seen else None

    def _not_refused(self, api: LocalAPI, identifier: str) -> str | None:
        self._fill()
        answer = api.get(f"/v1/outbox/{identifier}").body
        return None if answer["last_error"] == "storage_full" else f"{answer['status']}, {answer['last_error']}"

    def _not_dropped(self, api: LocalAPI, identifier: str) -> str | None:
        self._fill()
        answer = api.post(f"/v1/outbox/{identifier}/drop", {})
        return None if answer.status == 200 else f"{answer.status} {answer.code}"

    def _not_well(self) -> str | None:
        self._family.restart_dead()
        return None if (status := self._health()) == 200 else f"GET /healthz answers {status}"

    # Parts

    def _fill(self) -> None:
        self._disk.fill()
        self._family.restart_dead()

    def _post(self, api: LocalAPI, posting: Posting) -> None:
        self._stage.ledger.post(posting)
        wait_until(
            lambda: None if post_once(api, posting, self._stage.ledger) else "not taken", RESUME_SECONDS,
            f"{posting.id} being taken")
        self._stage.ledger.ack(posting)

    def _wait_for(self, sender: Daemon, ids: set[str], status: str, seconds: float, what: str) -> None:
        deliveries = Deliveries(sender, ids, status)

        def waiting() -> str | None:
            self._family.restart_dead()
            deliveries.refresh()
            return str(deliveries.said) if deliveries.left else None

        wait_until(waiting, seconds, what)

    def _health(self) -> int | str:
        try:
            with urllib.request.urlopen(f"{self._family.url}/healthz", timeout=10) as answer:
                return answer.status
        except urllib.error.HTTPError as refusal:
            return refusal.code
        except OSError as error:
            return str(error)

    def _last_errors(self) -> set[str]:
        errors: set[str] = set()
        for daemon in self._family.daemons[:2]:
            try:
                errors |= {str(message["last_error"]) for message in daemon.ask("/v1/outbox?limit=500")["messages"]}
            except Unreachable:
                continue
        return errors
