"""What a tester says while it works."""

import sys


def say(text: str) -> None:
    """One line on standard error."""
    print(text, file=sys.stderr, flush=True)
