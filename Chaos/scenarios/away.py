"""The server is away for days: once for three, once for longer than an undelivered message lives."""

import threading
from collections.abc import Iterator

from errors import Failed
from family import Daemon, Family, Setting
from inboxes import Deliveries
from ledger import Posting
from load import post_until_acked
from passed_time import PassedTime
from progress import say
from report import Row
from stage import LAST_ACK_SECONDS, Stage, staged
from task import Task
from waiting import wait_until

NAMES = ["laptop", "studio", "kiosk"]
PRIORITIES = ("now", "next", "low")
#: The broker knows an id for 168 h; a message is sent for 4 % less, so that it cannot arrive twice.
MAX_AGE_HOURS = 168 * 0.96
JOIN_SECONDS = 60


def run(task: Task, row: Row) -> None:
    row.server_bound_mib, row.daemon_bound_mib = 64, 64
    time_passed = PassedTime(task.folder)
    family = Family(task.kin, NAMES, Setting(folder=task.folder, environment=time_passed.environment))
    with staged(task, row, family) as stage:
        Outage(stage, time_passed).run()
        row.did = f"{time_passed.seconds // 86400} days in all without a server; {row.dead} too old and said so"
        stage.end()
        stage.again()


class Outage:
    """What is posted in which absence, and what has to become of it."""

    def __init__(self, stage: Stage, time_passed: PassedTime):
        self.stage = stage
        self.family = stage.family
        self.time = time_passed
        self.batches = 0
        self.size = stage.task.size(100, 10)

    def run(self) -> None:
        self.stage.meet()
        self._three_days()
        self._longer_than_a_message_lives()
        self._all_sleep()
        self.stage.settle()
        self.stage.judge()

    def _three_days(self) -> None:
        say("away: the server dies under load, and is away for three days")
        self.stage.load(1, 50, self._until_messages_flow_then_kill)
        for _ in range(3):
            self._post_everywhere()
            self.time.pass_hours(24)
        self._post_everywhere()
        self.family.server.start()
        self.stage.settle()
        self.stage.judge()

    def _until_messages_flow_then_kill(self) -> None:
        """At a moment when some messages are relayed and their acknowledgements are not back."""
        enough = self.stage.ledger.acked + self.stage.task.size(500, 50)
        wait_until(
            lambda: None if self.stage.ledger.acked >= enough else "too few messages are on their way", JOIN_SECONDS,
            "messages being acknowledged under load")
        self.family.server.kill()

    def _longer_than_a_message_lives(self) -> None:
        say(f"away: the server is away for longer than the {MAX_AGE_HOURS:.0f} h a message is sent for")
        self.family.server.kill()
        old = self._post_everywhere()
        self.time.pass_hours(MAX_AGE_HOURS - 1)
        young = self._post_everywhere()
        self.time.pass_hours(2)
        self.family.server.start()
        for daemon in self.family.daemons:
            self._wait(daemon, {posting.id for posting in old if posting.sender == daemon.name}, "dead")
            self._wait(daemon, {posting.id for posting in young if posting.sender == daemon.name}, "delivered")
        self._require_reasons(old)
        self.stage.ledger.mark_dead({posting.id for posting in old})

    def _all_sleep(self) -> None:
        """Everything runs and three days pass between two moments, as on machines that were suspended."""
        say("away: three days pass for all that runs")
        self.time.pass_hours(72)
        self._post_everywhere()

    def _post_everywhere(self) -> list[Posting]:
        """Every device to every other, each acknowledged by its own daemon whatever the server does."""
        self.batches += 1
        give_up = threading.Event()
        timer = threading.Timer(LAST_ACK_SECONDS, give_up.set)
        timer.daemon = True
        timer.start()
        postings = list(self._batch(self.batches))
        for daemon in self.family.daemons:
            api = daemon.api()
            for posting in postings:
                if posting.sender == daemon.name:
                    self.stage.ledger.post(posting)
                    if not post_until_acked(api, posting, self.stage.ledger, give_up):
                        raise Failed(f"{posting.id} was not acknowledged within {LAST_ACK_SECONDS} s")
            api.close()
        timer.cancel()
        return postings

    def _batch(self, batch: int) -> Iterator[Posting]:
        pairs = [(sender, to) for sender in NAMES for to in NAMES if to != sender]
        for number in range(1, self.size + 1):
            for pair, (sender, to) in enumerate(pairs):
                # One thread over all batches: what was posted before an outage comes before what was posted in it.
                yield Posting(
                    f"o{batch}-{pair}-{number}", 1000 + pair, batch * 10_000 + number, sender, to,
                    PRIORITIES[number % len(PRIORITIES)], f"batch {batch} number {number}")

    def _wait(self, daemon: Daemon, ids: set[str], status: str) -> None:
        deliveries = Deliveries(daemon, ids, status)

        def left() -> int:
            deliveries.refresh()
            return len(deliveries.left)

        self.stage.wait(
            left, lambda: f"{len(deliveries.left)} of {daemon.name} are not {status}: {deliveries.said}"[:500])

    def _require_reasons(self, old: list[Posting]) -> None:
        for daemon in self.family.daemons:
            for posting in old:
                if posting.sender == daemon.name:
                    reason = daemon.ask(f"/v1/outbox/{posting.id}")["last_error"]
                    if reason != "max_age":
                        raise Failed(f"{posting.id} is dead, but its last_error is {reason}, not max_age")
