"""Compares what was acknowledged with what the inboxes hold. Knows nothing else."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from inboxes import Received
from ledger import Posting


@dataclass
class Findings:
    """What is wrong, each as text. All empty: every promise was kept."""

    missing: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    misplaced: list[str] = field(default_factory=list)
    altered: list[str] = field(default_factory=list)
    out_of_order: list[str] = field(default_factory=list)

    def merge(self, other: "Findings") -> None:
        """Adds what `other` found and this did not."""
        for name, found in vars(other).items():
            mine = getattr(self, name)
            mine += [text for text in found if text not in mine]


def check(
    posted: Mapping[str, Posting], acked: Iterable[str], inboxes: Mapping[str, list[Received]],
    members: Mapping[str, str],
) -> Findings:
    """`inboxes` by device name, oldest first; `members` is each name's id in the mesh."""
    findings = Findings()
    held: dict[str, set[str]] = {}
    for name, messages in inboxes.items():
        held[name] = _check_inbox(name, messages, posted, members, findings)
    for identifier in acked:
        posting = posted[identifier]
        if identifier not in held[posting.to]:
            findings.missing.append(f"{identifier} {posting.sender} -> {posting.to} ({posting.priority})")
    return findings


def _check_inbox(
    name: str, messages: list[Received], posted: Mapping[str, Posting], members: Mapping[str, str],
    findings: Findings,
) -> set[str]:
    held: set[str] = set()
    latest: dict[tuple[int, str, str, str], Posting] = {}
    row = -1
    for message in messages:
        identifier = message.client_message_id
        if message.id <= row:
            findings.out_of_order.append(f"{name}: row {message.id} comes after row {row}")
        row = max(row, message.id)
        posting = posted.get(identifier)
        if posting is None:
            findings.unknown.append(f"{name}: {identifier} from {message.sender} was never posted")
            continue
        if posting.to != name:
            findings.misplaced.append(f"{name}: {identifier} was for {posting.to}")
            continue
        if identifier in held:
            findings.repeated.append(f"{name}: {identifier} again in row {message.id}")
            continue
        held.add(identifier)
        findings.altered += _alterations(name, message, posting, members)
        before = latest.get(posting.lane)
        if before is not None and before.number > posting.number:
            findings.out_of_order.append(f"{name}: {identifier} after {before.id} ({posting.priority})")
        else:
            latest[posting.lane] = posting
    return held


def _alterations(name: str, message: Received, posting: Posting, members: Mapping[str, str]) -> list[str]:
    facts = [
        ("body", message.body, posting.body),
        ("priority", message.priority, posting.priority),
        ("sender", message.sender, posting.sender),
        ("sender's member", message.sender_member, members[posting.sender]),
    ]
    return [
        f"{name}: {posting.id}: {fact} is {found[:200]!r}, was {true[:200]!r}" for fact, found, true in facts
        if found != true
    ]
