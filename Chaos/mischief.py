"""What may happen to frames between a daemon and a broker, drawn from a seed.

Only what a network with two honest ends can do, or what either end may do of its own: acknowledgements have no order
and may be lost with a connection or said again; sends and pushes may be said again, but not overtake each other.
"""

import json
import random
from collections import Counter
from dataclasses import dataclass

import websocket

ANSWERS = ("ack", "nack", "client_ack")
REPEATABLE = (*ANSWERS, "send", "push")

DROP, REPEAT, HOLD, DELAY, CUT = 0.03, 0.10, 0.25, 0.05, 0.003
LONGEST_DELAY_SECONDS = 0.03


@dataclass(frozen=True)
class Fate:
    """What becomes of a frame. `copies` 0: it is dropped. `cut`: it is lost, and its connection with it."""

    copies: int = 1
    is_held: bool = False
    delay: float = 0
    cut: bool = False


class Mischief:
    """One direction of one connection."""

    def __init__(self, seed: str, deeds: Counter[str]):
        self._random = random.Random(seed)
        self._deeds = deeds

    def fate(self, kind: str) -> Fate:
        # Always the same number of draws, so that one frame's fate does not depend on another's kind.
        cut, drop, repeat, hold, delay, length = (self._random.random() for _ in range(6))
        if cut < CUT:
            return self._done("connection cut", Fate(copies=0, cut=True))
        is_answer = kind in ANSWERS
        if is_answer and drop < DROP:
            return self._done(f"{kind} dropped", Fate(copies=0))
        copies = 1
        if kind in REPEATABLE and repeat < REPEAT:
            copies = 2
            self._deeds[f"{kind} repeated"] += 1
        if is_answer and hold < HOLD:
            return self._done(f"{kind} held back", Fate(copies=copies, is_held=True))
        if delay < DELAY:
            return self._done("direction delayed", Fate(copies=copies, delay=length * LONGEST_DELAY_SECONDS))
        return Fate(copies=copies)

    def shuffle(self, held: list[bytes]) -> list[bytes]:
        """Held frames leave in any order."""
        self._random.shuffle(held)
        return held

    def _done(self, deed: str, fate: Fate) -> Fate:
        self._deeds[deed] += 1
        return fate


def kind_of(frame: websocket.Frame) -> str:
    """The type in a mesh frame's header; the empty string for control frames and whatever else."""
    if frame.opcode != websocket.BINARY:
        return ""
    length = int.from_bytes(frame.payload[:4], "big")
    try:
        return str(json.loads(frame.payload[4 : 4 + length])["type"])
    except (ValueError, KeyError, TypeError):
        return ""
