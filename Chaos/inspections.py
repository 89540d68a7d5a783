"""What every inspection of a running family from outside shares: its arguments and its exit codes."""

import argparse
from collections.abc import Callable
from pathlib import Path

from errors import Failed, Skipped
from progress import say


def run(description: str | None, inspect: Callable[[Path, bool], int]) -> int:
    """Runs `inspect(kin, keep)`. 0 nothing was found, 1 something was (or the search does not work), 2 usage, 77 not possible here."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kin", type=Path, required=True, help="the kin binary")
    parser.add_argument("--keep", action="store_true", help="keep the folder even when nothing was found")
    options = parser.parse_args()
    if not options.kin.is_file():
        parser.error(f"there is no file {options.kin}")
    try:
        return inspect(options.kin.resolve(), options.keep)
    except Skipped as reason:
        say(f"skipped: {reason}")
        return 77
    except Failed as error:
        say(f"FAILED: {error}")
        return 1
