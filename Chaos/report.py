"""One row for each scenario: aligned for people, as a table for the documentation, as an object for programs."""

from dataclasses import asdict, dataclass, field

SHOWN = 10
HEADINGS = (
    "scenario", "what was done", "acked", "received", "lost", "twice", "out of order", "peak memory", "seconds", "seed",
    "verdict")
WIDTHS = (8, 66, 7, 8, 4, 5, 12, 30, 7, 6, 7)


@dataclass
class Row:
    """What a scenario did and what came of it."""

    scenario: str
    seed: int
    did: str = ""
    posted: int = 0
    acked: int = 0
    dead: int = 0
    received: int = 0
    lost: int = 0
    twice: int = 0
    out_of_order: int = 0
    #: The most anonymous memory, MiB, of the server and of any daemon; None where it could not be seen.
    server_mib: float | None = None
    daemon_mib: float | None = None
    #: What the scenario allows them.
    server_bound_mib: float = 0
    daemon_bound_mib: float = 0
    seconds: float = 0
    #: Retries and the like, counted.
    events: dict[str, int] = field(default_factory=dict)
    #: Whatever was wrong, each as a sentence.
    problems: list[str] = field(default_factory=list)
    #: Why this machine could not run it.
    skipped: str = ""

    @property
    def verdict(self) -> str:
        return "skipped" if self.skipped else "FAILED" if self.problems else "passed"

    def as_object(self) -> dict:
        return asdict(self) | {"verdict": self.verdict}

    @property
    def memory(self) -> str:
        if self.server_mib is None and self.daemon_mib is None:
            return "–"
        parts = (
            ("server", self.server_mib, self.server_bound_mib), ("daemon", self.daemon_mib, self.daemon_bound_mib))
        return ", ".join(f"{name} {taken:.0f}/{bound:.0f}" for name, taken, bound in parts if taken is not None)

    def cells(self) -> tuple[str, ...]:
        if self.skipped:
            return (self.scenario, self.skipped, *("–" for _ in range(7)), str(self.seed), self.verdict)
        counts = (self.acked, self.received, self.lost, self.twice, self.out_of_order)
        return (
            self.scenario, self.did, *(str(count) for count in counts), self.memory, f"{self.seconds:.0f}",
            str(self.seed), self.verdict)


def heading() -> str:
    return _aligned(HEADINGS)


def line(row: Row) -> str:
    return _aligned(row.cells())


def problem_lines(row: Row) -> list[str]:
    lines = [f"{row.scenario}: {problem}" for problem in row.problems[:SHOWN]]
    if len(row.problems) > SHOWN:
        lines.append(f"{row.scenario}: and {len(row.problems) - SHOWN} more")
    return lines


def markdown(rows: list[Row], command: str) -> str:
    """The table of docs/reliability.md."""
    lines = [f"`{command}`", "", _piped(HEADINGS), _piped(("---",) * len(HEADINGS))]
    lines += [_piped(row.cells()) for row in rows]
    return "\n".join(lines) + "\n\nPeak memory: anonymous MiB, taken/allowed; of the daemons the one that took most.\n"


def _aligned(cells: tuple[str, ...]) -> str:
    """Numbers to the right."""
    padded = (
        cell.rjust(width) if 2 <= column <= 6 or 8 <= column <= 9 else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(cells, WIDTHS, strict=True)))
    return "  ".join(padded).rstrip()


def _piped(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
