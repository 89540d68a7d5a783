"""What the tester knows: what it posted, and what was acknowledged. Kept on disk, so that a long run stays small."""

import json
import threading
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path


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
    def request(self) -> dict:
        """The body of `POST /v1/send`."""
        return {"to": self.to, "message": self.body, "priority": self.priority, "client_message_id": self.id}


class Ledger:
    """Filled by many threads. A message is a line of `posted.jsonl` once its fate is known; only ids stay here."""

    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        #: Each sender's id in the mesh; must be filled before the first acknowledgement.
        self.members: dict[str, str] = {}
        self.counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._lines = open(folder / "posted.jsonl", "a", encoding="utf-8")
        self._open: dict[str, Posting] = {}
        self._acked_for: defaultdict[str, set[str]] = defaultdict(set)
        self._acked_by: defaultdict[str, set[str]] = defaultdict(set)
        self._refusals: list[str] = []
        self.posted = 0
        self.acked = 0

    def post(self, posting: Posting) -> None:
        """Must be called before the first byte leaves."""
        with self._lock:
            self.posted += 1
            self._open[posting.id] = posting

    def ack(self, posting: Posting) -> None:
        with self._lock:
            self.acked += 1
            del self._open[posting.id]
            self._acked_for[posting.to].add(posting.id)
            self._acked_by[posting.sender].add(posting.id)
            self._write(posting, acked=True)

    def refuse(self, posting: Posting, why: str) -> None:
        with self._lock:
            self._refusals.append(f"{posting.id} {posting.sender} -> {posting.to}: {why}"[:500])

    def count(self, event: str) -> None:
        with self._lock:
            self.counts[event] += 1

    def acked_for(self, to: str) -> set[str]:
        with self._lock:
            return set(self._acked_for[to])

    def acked_by(self, sender: str) -> set[str]:
        with self._lock:
            return set(self._acked_by[sender])

    @property
    def refusals(self) -> list[str]:
        with self._lock:
            return list(self._refusals)

    def complete(self) -> None:
        """Makes `posted.jsonl` whole: what is not acknowledged yet may arrive or not."""
        with self._lock:
            for posting in self._open.values():
                self._write(posting, acked=False)
            self._open.clear()
            self._lines.flush()

    def mark_dead(self, ids: set[str]) -> None:
        """Their sender's daemon said of these that they cannot be sent any more."""
        self.complete()
        path = self.folder / "posted.jsonl"
        marked = path.with_suffix(".marked")
        with self._lock, open(path, encoding="utf-8") as old, open(marked, "w", encoding="utf-8") as new:
            for line in old:
                posting = json.loads(line)
                new.write(line if posting["id"] not in ids else _line(posting | {"dead": True}))
            self._lines.close()
            marked.replace(path)
            self._lines = open(path, "a", encoding="utf-8")
            for known in (*self._acked_for.values(), *self._acked_by.values()):
                known -= ids

    def close(self) -> None:
        self.complete()
        self._lines.close()

    def _write(self, posting: Posting, acked: bool) -> None:
        self._lines.write(_line(asdict(posting) | {"sender_member": self.members[posting.sender], "acked": acked}))


def _line(item: dict) -> str:
    return json.dumps(item, ensure_ascii=False) + "\n"
