"""Waiting for conditions: by asking again until a deadline, never by sleeping for luck."""

import time
from collections.abc import Callable

from errors import Failed

POLL_SECONDS = 0.05


def wait_until(missing: Callable[[], str | None], seconds: float, what: str) -> None:
    """Asks `missing` until it answers None; its last answer is the reason given when the time is over."""
    deadline = time.monotonic() + seconds
    while (reason := missing()) is not None:
        if time.monotonic() > deadline:
            raise Failed(f"{what}: not within {seconds:.0f} s: {reason}")
        time.sleep(POLL_SECONDS)


def wait_while_moving(
    remaining: Callable[[], int], stalled_seconds: float, deadline: float, what: Callable[[], str]
) -> None:
    """Asks `remaining` until it answers 0. A long way is allowed, standing still is not.

    Fails when the number has not fallen for `stalled_seconds`, or at `deadline` (of `time.monotonic`).
    """
    lowest, since = None, time.monotonic()
    while (left := remaining()) > 0:
        now = time.monotonic()
        if lowest is None or left < lowest:
            lowest, since = left, now
        if now - since > stalled_seconds:
            raise Failed(f"{what()}: no progress for {stalled_seconds:.0f} s")
        if now > deadline:
            raise Failed(f"{what()}: the time of the whole run is over")
        time.sleep(POLL_SECONDS)
