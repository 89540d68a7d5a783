#!/usr/bin/env python3
"""The crash test: random SIGKILLs under load, counted and judged from outside the processes.

It knows only what was acknowledged (200 and 202 of POST /v1/send) and what the inboxes hold (GET /v1/inbox).
Exit code: 0 every promise was kept, 1 one was broken (the folder with logs and evidence is kept), 2 usage.
"""

import argparse
import random
import shlex
import signal
import sys
from pathlib import Path

from errors import Failed
from family import Family
from progress import say
from report import Outcome, print_outcome, write_evidence
from trial import Plan, Trial

NAMES = ["laptop", "studio", "kiosk"]


def main() -> int:
    options = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    command = "python3 Chaos/chaos.py " + shlex.join(
        [*sys.argv[1:], *([] if "--seed" in " ".join(sys.argv) else ["--seed", str(options.seed)])])
    outcome = Outcome(seed=options.seed, command=command, kills_wanted=options.kills)
    plan = Plan(
        options.kills, options.seed, options.senders, options.pause_ms, tuple(options.gap_ms), options.duration_limit)
    try:
        family = Family(options.kin.resolve(), NAMES)
    except Failed as error:
        say(str(error))
        return 1
    trial = Trial(family, plan, outcome)
    try:
        trial.run()
    finally:
        keep = options.keep or not outcome.passed
        family.destroy(keep)
    print_outcome(outcome, options.json)
    if keep:
        write_evidence(family.folder, outcome, trial.ledger.posted, trial.ledger.acked, trial.inboxes)
        say(f"kept: {family.folder} (logs in {family.logs})")
    return 0 if outcome.passed else 1


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kin", type=Path, required=True, help="the kin binary")
    parser.add_argument("--kills", type=_positive, default=50, help="how many SIGKILLs in all (50)")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6), help="(random)")
    parser.add_argument("--duration-limit", type=float, default=600, metavar="S", help="for the whole run (600)")
    parser.add_argument("--senders", type=_positive, default=4, help="threads for each sender and recipient (4)")
    parser.add_argument("--pause-ms", type=int, default=200, help="a sender pauses 0 to this after a message (200)")
    parser.add_argument(
        "--gap-ms", type=int, nargs=2, default=(20, 400), metavar=("MIN", "MAX"), help="between kills (20 400)")
    parser.add_argument("--keep", action="store_true", help="keep the folder even when all is well")
    parser.add_argument("--json", action="store_true", help="the outcome as one object")
    options = parser.parse_args()
    if not options.kin.is_file():
        parser.error(f"there is no file {options.kin}")
    if options.gap_ms[0] > options.gap_ms[1] or options.gap_ms[0] < 0 or options.pause_ms < 0:
        parser.error("--gap-ms takes two rising numbers, --pause-ms one from 0")
    return options


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


if __name__ == "__main__":
    sys.exit(main())
