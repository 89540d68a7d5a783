"""One crash test from first start to verdict."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from checker import check
from errors import Failed
from family import Family
from inboxes import Deliveries, GrowingInbox, Received, whole_inbox
from killer import Killer
from ledger import Ledger, Posting
from load import finish_senders, post_until_acked, start_senders
from processes import end_all
from progress import say
from report import Outcome
from unix_http import Unreachable
from waiting import wait_until, wait_while_moving

LAST_ACK_SECONDS = 60
STALLED_SECONDS = 60
READ_SECONDS = 30


@dataclass(frozen=True)
class Plan:
    """What was asked for on the command line."""

    kills: int
    seed: int
    senders: int
    pause_ms: int
    gap_ms: tuple[int, int]
    duration_limit: float


class Trial:
    """Runs the phases in order. What it learns is in `outcome`, `ledger` and `inboxes`, however it ends."""

    def __init__(self, family: Family, plan: Plan, outcome: Outcome):
        self.family = family
        self.plan = plan
        self.outcome = outcome
        self.ledger = Ledger()
        self.inboxes: dict[str, list[Received]] = {}
        self._started = time.monotonic()
        self._deadline = self._started + plan.duration_limit
        self._members: dict[str, str] = {}

    def run(self) -> None:
        """All phases; a phase that cannot go on ends the run with a problem in the outcome."""
        try:
            self._meet()
            last_kill = self._load_under_fire()
            self._settle()
            self._judge(last_kill)
            self._end_politely()
            self._judge_after_restart(last_kill)
        except Failed as error:
            self.outcome.problems.append(str(error))
            self._read_what_can_be_read()
        finally:
            self._sum_up()

    # Phases

    def _meet(self) -> None:
        say("starting; waiting until every daemon sees the family")
        self.family.start()
        self.family.wait_until_acquainted()
        self._members = {daemon.name: daemon.member() for daemon in self.family.daemons}

    def _load_under_fire(self) -> float:
        """Returns when the last kill was, in milliseconds since 1970."""
        senders = start_senders(
            self.family.daemons, self.plan.senders, self.ledger, self.plan.seed, self.plan.pause_ms)
        killer = Killer(self.family, self.plan.seed, self.plan.gap_ms)
        try:
            killer.run(self.plan.kills, self._deadline, self._say_progress)
            last_kill = time.time() * 1000
            self.family.restart_dead()
            say("all kills done; waiting for the last acknowledgements")
            self.outcome.problems += finish_senders(senders, LAST_ACK_SECONDS)
        finally:
            for sender in senders:
                sender.give_up()
        self.outcome.kills_under_traffic = killer.under_traffic
        if killer.done < self.plan.kills:
            self.outcome.problems.append(f"only {killer.done} of {self.plan.kills} kills fitted into the run's time")
        return last_kill

    def _settle(self) -> None:
        """Until every inbox holds all that was acknowledged, and every sender knows it."""
        acked, posted = self.ledger.acked, self.ledger.posted
        say(f"{len(acked)} acknowledged; waiting for the inboxes")
        growing = [GrowingInbox(daemon) for daemon in self.family.daemons]
        wanted = {inbox.daemon.name: {i for i in acked if posted[i].to == inbox.daemon.name} for inbox in growing}

        def lacking() -> int:
            for inbox in growing:
                inbox.refresh()
            return sum(len(wanted[inbox.daemon.name] - inbox.seen) for inbox in growing)

        self._wait(lacking, lambda: self._lacking_text(growing, wanted))
        say("everything arrived; waiting until every sender's daemon says so")
        pending = [
            Deliveries(daemon, {i for i in acked if posted[i].sender == daemon.name})
            for daemon in self.family.daemons
        ]

        def unconfirmed() -> int:
            for deliveries in pending:
                deliveries.refresh()
            left = sum(len(deliveries.left) for deliveries in pending)
            self.outcome.delivered = len(acked) - left
            return left

        self._wait(unconfirmed, lambda: _unconfirmed_text(pending))

    def _judge(self, last_kill: float) -> None:
        self._read_inboxes()
        findings = check(self.ledger.posted, self.ledger.acked, self.inboxes, self._members)
        self.outcome.findings.merge(findings)
        self.outcome.received_under_fire = sum(
            message.received_at < last_kill for messages in self.inboxes.values() for message in messages)

    def _end_politely(self) -> None:
        say("ending every process by SIGTERM")
        self.family.restart_dead()
        self.outcome.problems += end_all(self.family.processes)

    def _judge_after_restart(self, last_kill: float) -> None:
        """Once more after a clean restart: what was kept for a second delivery would show now.

        A broker pushes the messages of one priority in order, so that when a fence of each sender and priority has
        arrived, everything older that it would ever push again was pushed before.
        """
        say("starting again; checking that nothing arrives a second time")
        for process in self.family.processes:
            process.start()
        self.family.wait_until_acquainted()
        self._post_fences()
        self._settle()
        self._judge(last_kill)
        self._end_politely()

    def _post_fences(self) -> None:
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
                    fence = Posting(f"fence-{number}", 0, number, daemon.name, to.name, priority, f"fence {number}")
                    self.ledger.post(fence)
                    if not post_until_acked(api, fence, self.ledger, give_up):
                        raise Failed(f"{fence.id} was not acknowledged within {LAST_ACK_SECONDS} s after a restart")
            api.close()
        timer.cancel()

    # Parts of phases

    def _wait(self, remaining: Callable[[], int], what: Callable[[], str]) -> None:
        def alive_and_remaining() -> int:
            self.family.restart_dead()
            return remaining()

        wait_while_moving(alive_and_remaining, STALLED_SECONDS, self._deadline, what)

    def _read_inboxes(self) -> None:
        for daemon in self.family.daemons:

            def unread(daemon=daemon) -> str | None:
                try:
                    self.inboxes[daemon.name] = whole_inbox(daemon)
                except Unreachable as error:
                    return str(error)
                return None

            wait_until(unread, READ_SECONDS, f"reading the inbox of {daemon.process.label}")

    def _read_what_can_be_read(self) -> None:
        """After a failure: the evidence, and what it shows."""
        try:
            self._read_inboxes()
        except Failed as error:
            self.outcome.problems.append(str(error))
            return
        if self._members:
            findings = check(self.ledger.posted, self.ledger.acked, self.inboxes, self._members)
            self.outcome.findings.merge(findings)

    def _sum_up(self) -> None:
        outcome = self.outcome
        outcome.kills = {process.label: process.kills for process in self.family.processes}
        outcome.posted = len(self.ledger.posted)
        outcome.acked = len(self.ledger.acked)
        outcome.events = dict(self.ledger.counts)
        outcome.problems += self.family.deaths
        outcome.problems += [f"refused: {refusal}" for refusal in self.ledger.refusals[:20]]
        if outcome.acked == 0:
            outcome.problems.append("nothing was acknowledged, so nothing was tested")
        outcome.seconds = time.monotonic() - self._started
        if outcome.seconds > self.plan.duration_limit:
            outcome.problems.append(f"the run took longer than its {self.plan.duration_limit:.0f} s")

    def _say_progress(self, done: int) -> None:
        if done % max(1, self.plan.kills // 10) == 0:
            say(f"{done} of {self.plan.kills} kills, {len(self.ledger.acked)} acknowledged")

    @staticmethod
    def _lacking_text(growing: list[GrowingInbox], wanted: dict[str, set[str]]) -> str:
        lacks = {inbox.daemon.name: sorted(wanted[inbox.daemon.name] - inbox.seen) for inbox in growing}
        return "inboxes lack " + ", ".join(
            f"{name}: {len(ids)} of {len(wanted[name])} (such as {', '.join(ids[:3])})" for name, ids in lacks.items()
            if ids)


def _unconfirmed_text(pending: list[Deliveries]) -> str:
    return "not said to be delivered: " + ", ".join(
        f"{len(deliveries.left)} of {deliveries.daemon.name} (such as "
        + ", ".join(f"{i}: {deliveries.said.get(i, 'not asked')}" for i in deliveries.left[:3]) + ")"
        for deliveries in pending if deliveries.left)
