"""What the tester knows: what it posted, and what was acknowledged."""

import threading
from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True)
class Posting:
    """One message as it was posted. A thread posts the next only when this one is acknowledged."""

    id: str
    thread: int
    number: int
    sender: str
    to: str
    priority: str
    body: str

    @property
    def lane(self) -> tuple[int, str, str, str]:
        """Within a lane, order is promised."""
        return (self.thread, self.sender, self.to, self.priority)

    @property
    def request(self) -> dict:
        """The body of `POST /v1/send`."""
        return {"to": self.to, "message": self.body, "priority": self.priority, "client_message_id": self.id}


class Ledger:
    """Filled by many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._posted: dict[str, Posting] = {}
        self._acked: set[str] = set()
        self._refusals: list[str] = []
        self.counts: Counter[str] = Counter()

    def post(self, posting: Posting) -> None:
        """Must be called before the first byte leaves."""
        with self._lock:
            self._posted[posting.id] = posting

    def ack(self, posting: Posting) -> None:
        with self._lock:
            self._acked.add(posting.id)

    def refuse(self, posting: Posting, why: str) -> None:
        with self._lock:
            self._refusals.append(f"{posting.id} {posting.sender} -> {posting.to}: {why}")

    def count(self, event: str) -> None:
        with self._lock:
            self.counts[event] += 1

    @property
    def posted(self) -> dict[str, Posting]:
        with self._lock:
            return dict(self._posted)

    @property
    def acked(self) -> set[str]:
        with self._lock:
            return set(self._acked)

    @property
    def refusals(self) -> list[str]:
        with self._lock:
            return list(self._refusals)
