#!/usr/bin/env python3
"""Compares what was acknowledged with what the inboxes hold. Knows nothing but the files in EVIDENCE_DIR.

posted.jsonl   one line a message: id, thread, number, sender, sender_member, to, priority, body, acked, dead (optional)
inbox-*.jsonl  one line a message of that device's inbox, in the inbox's order: id, client_message_id, sender,
               sender_member, priority, body
Prints one JSON object. Exit code: 0 every promise was kept, 1 one was broken, 2 the evidence cannot be read.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

SHOWN = 20


@dataclass
class Findings:
    """What is wrong, each as text. All empty: every promise was kept."""

    #: Acknowledged, not said to be dead, and in no inbox.
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    out_of_order: list[str] = field(default_factory=list)
    #: In an inbox without ever having been posted.
    stranger: list[str] = field(default_factory=list)
    misplaced: list[str] = field(default_factory=list)
    #: Another body, priority or sender than was posted.
    altered: list[str] = field(default_factory=list)
    #: Said to be dead, and there all the same.
    undead: list[str] = field(default_factory=list)


@dataclass
class Verdict:
    findings: Findings = field(default_factory=Findings)
    posted: int = 0
    acked: int = 0
    dead: int = 0
    received: int = 0

    @property
    def is_kept(self) -> bool:
        """Where nothing was acknowledged nothing was tested."""
        return self.acked > 0 and not any(vars(self.findings).values())

    def report(self) -> dict:
        found = asdict(self.findings)
        counts = {name: value for name, value in asdict(self).items() if name != "findings"}
        return counts | {name: len(texts) for name, texts in found.items()} | {
            "kept": self.is_kept, "details": {name: texts[:SHOWN] for name, texts in found.items() if texts}}


@dataclass(frozen=True)
class _Posted:
    """A line of posted.jsonl; of the body only its hash, so that a long run fits into memory."""

    thread: int
    number: int
    sender: str
    sender_member: str
    to: str
    priority: str
    body: bytes
    acked: bool
    dead: bool

    @property
    def lane(self) -> tuple[int, str, str, str]:
        """Within a lane, order is promised."""
        return (self.thread, self.sender, self.to, self.priority)


def check(folder: Path) -> Verdict:
    """- Raises: OSError, ValueError, KeyError where a file is missing or damaged."""
    verdict = Verdict()
    posted: dict[str, _Posted] = {}
    for line in _lines(folder / "posted.jsonl"):
        if line["id"] in posted:
            raise ValueError(f"posted.jsonl has {line['id']} twice")
        posted[line["id"]] = _Posted(
            line["thread"], line["number"], line["sender"], line["sender_member"], line["to"], line["priority"],
            _hash(line["body"]), line["acked"], line.get("dead", False))
    inboxes = sorted(folder.glob("inbox-*.jsonl"))
    if not inboxes:
        raise ValueError(f"{folder} holds no inbox-*.jsonl")
    held: dict[str, set[str]] = {}
    for path in inboxes:
        name = path.stem.removeprefix("inbox-")
        held[name] = _check_inbox(name, path, posted, verdict)
    _check_acknowledged(posted, held, verdict)
    return verdict


def _check_acknowledged(posted: dict[str, _Posted], held: dict[str, set[str]], verdict: Verdict) -> None:
    verdict.posted = len(posted)
    for identifier, posting in posted.items():
        verdict.acked += posting.acked
        verdict.dead += posting.dead
        is_there = identifier in held.get(posting.to, ())
        text = f"{identifier} {posting.sender} -> {posting.to} ({posting.priority})"
        if posting.dead and is_there:
            verdict.findings.undead.append(text)
        elif posting.acked and not posting.dead and not is_there:
            verdict.findings.lost.append(text)


def _check_inbox(name: str, path: Path, posted: dict[str, _Posted], verdict: Verdict) -> set[str]:
    findings = verdict.findings
    held: set[str] = set()
    latest: dict[tuple[int, str, str, str], int] = {}
    row = -1
    for message in _lines(path):
        verdict.received += 1
        identifier = message["client_message_id"]
        if message["id"] <= row:
            findings.out_of_order.append(f"{name}: row {message['id']} comes after row {row}")
        row = max(row, message["id"])
        posting = posted.get(identifier)
        if posting is None:
            findings.stranger.append(f"{name}: {identifier} from {message['sender']} was never posted")
        elif posting.to != name:
            findings.misplaced.append(f"{name}: {identifier} was for {posting.to}")
        elif identifier in held:
            findings.twice.append(f"{name}: {identifier} again in row {message['id']}")
        else:
            held.add(identifier)
            findings.altered += _alterations(name, message, posting)
            if latest.get(posting.lane, 0) > posting.number:
                findings.out_of_order.append(
                    f"{name}: {identifier} (number {posting.number}, {posting.priority}) after {latest[posting.lane]}")
            latest[posting.lane] = max(posting.number, latest.get(posting.lane, 0))
    return held


def _alterations(name: str, message: dict, posting: _Posted) -> list[str]:
    facts = [
        ("body", _hash(message["body"]), posting.body),
        ("priority", message["priority"], posting.priority),
        ("sender", message["sender"], posting.sender),
        ("sender's member", message["sender_member"], posting.sender_member),
    ]
    return [f"{name}: {message['client_message_id']}: another {fact}" for fact, found, true in facts if found != true]


def _hash(body: str) -> bytes:
    return hashlib.sha256(body.encode("utf-8", "surrogatepass")).digest()


def _lines(path: Path) -> Iterator[dict]:
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("evidence", type=Path, metavar="EVIDENCE_DIR")
    try:
        verdict = check(parser.parse_args().evidence)
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"the evidence cannot be read: {type(error).__name__} {error}", file=sys.stderr)
        return 2
    print(json.dumps(verdict.report(), ensure_ascii=False))
    return 0 if verdict.is_kept else 1


if __name__ == "__main__":
    sys.exit(main())
