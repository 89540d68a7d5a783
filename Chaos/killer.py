"""Kills: which process, after which pause and whether under traffic follows from the seed."""

import random
import time
from collections.abc import Callable

from family import Family
from inboxes import GrowingInbox
from processes import Process
from waiting import POLL_SECONDS

#: Half of the kills come as storms, where hardly anything is connected. The other half wait for messages to arrive
#: again first, so that they hit deliveries on their way.
UNDER_TRAFFIC = 0.5
#: Reconnecting may take a few seconds; then the kill comes without traffic.
TRAFFIC_SECONDS = 10


def deck(family: Family, kills: int, seed: int) -> list[Process]:
    """`kills` times the server and as often a daemon, the daemons in equal parts, shuffled."""
    daemons = [daemon.process for daemon in family.daemons]
    cards = [family.server] * kills + [daemons[number % len(daemons)] for number in range(kills)]
    random.Random(f"deck {seed}").shuffle(cards)
    return cards


class Killer:
    """SIGKILLs one process after another and starts each again at once."""

    def __init__(self, family: Family, kills: int, seed: int, gap_ms: tuple[int, int]):
        self._family = family
        self._deck = deck(family, kills, seed)
        self._random = random.Random(f"killer {seed}")
        self._gap_ms = gap_ms
        self._inboxes = [GrowingInbox(daemon) for daemon in family.daemons]
        #: Kills before which messages were arriving.
        self.under_traffic = 0

    def run(self, deadline: float, progress: Callable[[int], None]) -> None:
        """Ends when every victim had its turn, or at `deadline` (of `time.monotonic`)."""
        for done, victim in enumerate(self._deck, start=1):
            if time.monotonic() > deadline:
                return
            # Both are drawn before anything is waited for, so that the seed alone decides them.
            under_traffic, pause = self._random.random() < UNDER_TRAFFIC, self._random.uniform(*self._gap_ms) / 1000
            if under_traffic and self._wait_for_traffic(min(deadline, time.monotonic() + TRAFFIC_SECONDS)):
                self.under_traffic += 1
            time.sleep(pause)
            self._family.restart_dead()
            victim.kill_and_restart()
            progress(done)

    def _wait_for_traffic(self, deadline: float) -> bool:
        """Until an inbox grows."""
        before = self._arrived()
        while time.monotonic() < deadline:
            self._family.restart_dead()
            if self._arrived() > before:
                return True
            time.sleep(POLL_SECONDS)
        return False

    def _arrived(self) -> int:
        for inbox in self._inboxes:
            inbox.refresh()
        return sum(len(inbox.seen) for inbox in self._inboxes)
