"""What a scenario is told."""

import argparse
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Task:
    kin: Path
    seed: int
    #: For a build server: a few minutes for all scenarios together.
    short: bool
    #: Its own; exists and is empty.
    folder: Path
    #: Everything else from the command line.
    options: argparse.Namespace

    def size(self, whole: int, short: int) -> int:
        """How much of something: in a whole run, or in a short one."""
        return short if self.short else whole
