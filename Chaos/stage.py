"""The phases of scenarios: meet, load under some disturbance, settle, judge, once more after a restart."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from errors import Failed
from family import Daemon, Family
from footprint import Footprint
from inboxes import write_inbox
from ledger import Ledger, Posting
from load import finish_senders, post_until_acked, start_senders
from processes import end_all
from progress import say
from report import Row
from settling import settle
from task import Task
from unix_http import Unreachable
from waiting import wait_until, wait_while_moving

LAST_ACK_SECONDS = 60
STALLED_SECONDS = 60
READ_SECONDS = 30
CHECKER = Path(__file__).resolve().parent / "checker.py"
CHECKED = ("posted", "acked", "dead", "received", "lost", "twice", "out_of_order")


class Stage:
    """One family under load. What is learnt is in `row`, however it ends; the checker sees `folder/evidence`."""

    def __init__(self, task: Task, row: Row, family: Family):
        self.task = task
        self.row = row
        self.family = family
        self.ledger = Ledger(task.folder / "evidence")
        self.deadline = time.monotonic() + task.options.duration_limit
        self._footprint = Footprint(family.processes)

    # Phases

    def meet(self) -> None:
        say(f"{self.row.scenario}: starting; waiting until every daemon sees the family")
        self._footprint.start()
        self.family.start()
        self.family.wait_until_acquainted()
        self.ledger.members = {daemon.name: daemon.member() for daemon in self.family.daemons}

    def load(self, per_pair: int, pause_ms: int, disturb: Callable[[], None], large: float = 0) -> None:
        """Threads send between every two daemons while `disturb` runs, and until their last messages are taken."""
        senders = start_senders(self.family.daemons, per_pair, self.ledger, self.task.seed, pause_ms, large)
        try:
            disturb()
            self.family.restart_dead()
            self.row.problems += finish_senders(senders, LAST_ACK_SECONDS)
        finally:
            for sender in senders:
                sender.give_up()

    def settle(self) -> None:
        """Until every inbox holds all that was acknowledged for it, and every sender knows it."""
        say(f"{self.row.scenario}: {self.ledger.acked} acknowledged; waiting for the inboxes")
        settle(self.family.daemons, self.ledger, self.wait)

    def judge(self, settled: bool = True) -> None:
        """The inboxes become files, and the checker says what it thinks of them."""
        self.write_inboxes()
        self.ledger.complete()
        done = subprocess.run(
            [sys.executable, str(CHECKER), str(self.ledger.folder)], capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1):
            raise Failed(f"the checker could not judge {self.ledger.folder}: {done.stderr.strip()}")
        report = json.loads(done.stdout)
        for name in CHECKED:
            setattr(self.row, name, report[name])
        for name, texts in report["details"].items():
            when = "" if settled else "when it broke off, "
            self.row.problems += [f"{when}{report[name]} {name.replace('_', ' ')}: {text}" for text in texts[:3]]
        if done.returncode != 0 and not report["details"]:
            self.row.problems.append("nothing was acknowledged, so nothing was tested")

    def end(self) -> None:
        """SIGTERM ends every process within 5 s, with 0."""
        self.family.restart_dead()
        self.row.problems += end_all(self.family.processes)

    def again(self) -> None:
        """Once more after a clean restart: what was kept for a second delivery would show now.

        A broker pushes the messages of one priority in order, so that when a fence of each sender and priority has
        arrived, everything older that it would ever push again was pushed before.
        """
        say(f"{self.row.scenario}: starting again; checking that nothing arrives a second time")
        for process in self.family.processes:
            process.start()
        self.family.wait_until_acquainted()
        self.post_fences("fence")
        self.settle()
        self.judge()
        self.end()

    def close(self) -> None:
        """Whatever happened: what was seen, and nothing left running."""
        self._footprint.stop()
        self._sum_up_memory()
        self.row.events = dict(self.ledger.counts)
        self.row.problems += self.family.deaths
        self.row.problems += [f"refused: {refusal}" for refusal in self.ledger.refusals[:20]]
        for process in self.family.processes:
            process.destroy()
        self.ledger.close()

    # Parts of phases

    def post_fences(self, name: str) -> None:
        """One message of each sender, recipient and priority, acknowledged in time."""
        give_up = threading.Event()
        timer = threading.Timer(LAST_ACK_SECONDS, give_up.set)
        timer.daemon = True
        timer.start()
        number = 0
        for daemon in self.family.daemons:
            api = daemon.api()
            for to in self.family.daemons:
                for priority in ("now", "next", "low") if to is not daemon else ():
                    number += 1
                    fence = Posting(f"{name}-{number}", 0, number, daemon.name, to.name, priority, f"{name} {number}")
                    self.ledger.post(fence)
                    if not post_until_acked(api, fence, self.ledger, give_up):
                        raise Failed(f"{fence.id} was not acknowledged within {LAST_ACK_SECONDS} s")
            api.close()
        timer.cancel()

    def wait(self, remaining: Callable[[], int], what: Callable[[], str]) -> None:
        """Until `remaining` is 0; a long way is allowed, standing still is not."""

        def alive_and_remaining() -> int:
            self.family.restart_dead()
            return remaining()

        wait_while_moving(alive_and_remaining, STALLED_SECONDS, self.deadline, what)

    def write_inboxes(self) -> None:
        for daemon in self.family.daemons:
            wait_until(lambda daemon=daemon: self._unread(daemon), READ_SECONDS, f"reading the inbox of {daemon.name}")

    def _unread(self, daemon: Daemon) -> str | None:
        try:
            write_inbox(daemon, self.ledger.folder)
        except Unreachable as error:
            return str(error)
        return None

    def _sum_up_memory(self) -> None:
        row, family = self.row, self.family
        row.server_mib = self._footprint.peak_mib(family.server.label)
        peaks = [self._footprint.peak_mib(daemon.process.label) for daemon in family.daemons]
        row.daemon_mib = max((peak for peak in peaks if peak is not None), default=None)
        for what, taken, bound in (
            ("the server", row.server_mib, row.server_bound_mib), ("a daemon", row.daemon_mib, row.daemon_bound_mib)
        ):
            if taken is not None and taken > bound:
                row.problems.append(f"{what} took {taken:.0f} MiB of memory, {bound:.0f} are allowed")


@contextmanager
def staged(task: Task, row: Row, family: Family) -> Iterator[Stage]:
    """A stage that is cleared away however its scenario ends; what had arrived by then is judged all the same."""
    stage = Stage(task, row, family)
    try:
        yield stage
    except Failed as error:
        row.problems.append(str(error))
        try:
            family.start_missing()
            stage.judge(settled=False)
        except Failed as second:
            row.problems.append(str(second))
    finally:
        stage.close()
