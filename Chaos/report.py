"""The outcome of a run: a short table for people, one object for programs, files with the evidence."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from checker import Findings
from inboxes import Received
from ledger import Posting
from progress import say

SHOWN = 10


@dataclass
class Outcome:
    """Everything a run is judged by."""

    seed: int
    command: str
    kills: dict[str, int] = field(default_factory=dict)
    kills_wanted: int = 0
    kills_under_traffic: int = 0
    posted: int = 0
    acked: int = 0
    delivered: int = 0
    received_under_fire: int = 0
    seconds: float = 0
    events: dict[str, int] = field(default_factory=dict)
    findings: Findings = field(default_factory=Findings)
    #: Whatever else was wrong, each as a sentence.
    problems: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        return not self.problems and not any(vars(self.findings).values())

    def problem_lines(self) -> list[str]:
        lines = list(self.problems)
        for name, found in vars(self.findings).items():
            lines += [f"{name.replace('_', ' ')}: {text}" for text in found[:SHOWN]]
            if len(found) > SHOWN:
                lines.append(f"{name.replace('_', ' ')}: and {len(found) - SHOWN} more")
        return lines


def table(outcome: Outcome) -> str:
    """A few aligned lines, the verdict last."""
    kills = ", ".join(f"{label} {count}" for label, count in outcome.kills.items())
    rows: list[tuple[str, object]] = [
        ("kills", f"{sum(outcome.kills.values())} of {outcome.kills_wanted}  ({kills})"),
        ("under traffic", f"{outcome.kills_under_traffic} kills while messages were arriving"),
        ("posted", outcome.posted),
        ("acked", outcome.acked),
        ("delivered", f"{outcome.delivered}  ({outcome.received_under_fire} received before the last kill)"),
        *((name.replace("_", " "), len(found)) for name, found in vars(outcome.findings).items()),
        ("other problems", len(outcome.problems)),
        ("retries", ", ".join(f"{event} {count}" for event, count in sorted(outcome.events.items())) or "none"),
        ("seconds", f"{outcome.seconds:.1f}"),
        ("seed", outcome.seed),
        ("command", outcome.command),
        ("verdict", "passed" if outcome.passed else "FAILED"),
    ]
    return "\n".join(f"{name:<15} {value}" for name, value in rows)


def print_outcome(outcome: Outcome, as_json: bool) -> None:
    """The answer on standard output, what went wrong on standard error."""
    if as_json:
        print(json.dumps({**asdict(outcome), "passed": outcome.passed}, ensure_ascii=False), flush=True)
    else:
        print(table(outcome), flush=True)
    for line in outcome.problem_lines():
        say(line)


def write_evidence(
    folder: Path, outcome: Outcome, posted: dict[str, Posting], acked: set[str], inboxes: dict[str, list[Received]]
) -> None:
    """`outcome.json`, `posted.jsonl` and one `inbox-NAME.jsonl` each."""
    (folder / "outcome.json").write_text(json.dumps(asdict(outcome), indent=1), encoding="utf-8")
    _write_lines(
        folder / "posted.jsonl", [{**asdict(posting), "acked": posting.id in acked} for posting in posted.values()])
    for name, messages in inboxes.items():
        _write_lines(folder / f"inbox-{name}.jsonl", [asdict(message) for message in messages])


def _write_lines(path: Path, objects: list[dict]) -> None:
    path.write_text("".join(json.dumps(item, ensure_ascii=False) + "\n" for item in objects), encoding="utf-8")
