#!/usr/bin/env python3
"""The tests that break things: each scenario makes one kind of trouble for real processes and judges from outside.

  kills  random SIGKILLs of server and daemons under load
  disk   the server's disk full, then a daemon's
  away   no server for days, with the time passed in
  idle   thousands of connections that do nothing
  slow   members that do not read
  files  large files, and SIGKILLs of everybody while they are on their way
  acks   acknowledgements that are reordered, repeated, late or lost, and connections that break

They know only what was acknowledged (200 and 202 of POST /v1/send) and what the inboxes hold (GET /v1/inbox).
Exit code: 0 every promise was kept, 1 one was broken (the folder with logs and evidence is kept), 2 usage,
77 nothing of what was asked is possible here.
"""

import argparse
import importlib
import json
import random
import resource
import shlex
import shutil
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

import report
from errors import Failed, Skipped
from progress import say
from report import Row
from task import Task

SCENARIOS = ("kills", "disk", "away", "idle", "slow", "acks", "files")


def main() -> int:
    options = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    _allow_many_connections()
    rows = []
    say(report.heading())
    for name in options.scenarios:
        row = run(name, options)
        rows.append(row)
        if not options.json:
            print(report.line(row), flush=True)
        for problem in report.problem_lines(row):
            say(problem)
    if options.json:
        print(json.dumps([row.as_object() for row in rows], ensure_ascii=False))
    if options.markdown:
        options.markdown.write_text(report.markdown(rows, command(options)), encoding="utf-8")
    verdicts = {row.verdict for row in rows}
    return 1 if "FAILED" in verdicts else 77 if verdicts == {"skipped"} else 0


def run(name: str, options: argparse.Namespace) -> Row:
    """One scenario from an empty folder to its row."""
    row = Row(name, options.seed)
    folder = Path(tempfile.mkdtemp(prefix="k-"))
    started = time.monotonic()
    try:
        scenario = importlib.import_module(f"scenarios.{name}")
        scenario.run(Task(options.kin.resolve(), options.seed, options.short, folder, options), row)
    except Skipped as reason:
        row.skipped = str(reason)
    except Failed as error:
        row.problems.append(str(error))
    except Exception as error:  # A tester that breaks is a failure of the scenario, and the others still run.
        row.problems.append(f"the tester broke: {type(error).__name__} {error}")
        traceback.print_exc()
    row.seconds = time.monotonic() - started
    if row.problems or options.keep:
        (folder / "row.json").write_text(json.dumps(row.as_object(), indent=1), encoding="utf-8")
        say(f"{name}: kept: {folder} (logs in {folder / 'logs'}, evidence in {folder / 'evidence'})")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return row


def command(options: argparse.Namespace) -> str:
    """What would do the same again."""
    words = sys.argv[1:]
    if not any(word.split("=")[0] == "--seed" for word in words):
        words = [*words, "--seed", str(options.seed)]
    return f"python3 Chaos/chaos.py {shlex.join(words)}"


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=f"{', '.join(SCENARIOS)} (all)")
    parser.add_argument("--kin", type=Path, required=True, help="the kin binary")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6), help="(random)")
    parser.add_argument("--short", action="store_true", help="a few minutes for all of them")
    parser.add_argument("--duration-limit", type=float, default=3600, metavar="S", help="for each scenario (3600)")
    parser.add_argument("--keep", action="store_true", help="keep the folders even when all is well")
    parser.add_argument("--json", action="store_true", help="the rows as one array")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="the rows as a table")
    kills = parser.add_argument_group("kills")
    kills.add_argument("--kills", type=_positive, help="how many of the server and how many of daemons (1000 or 50)")
    kills.add_argument("--senders", type=_positive, default=2, help="threads for each sender and recipient (2)")
    kills.add_argument("--pause-ms", type=int, default=200, help="a sender pauses 0 to this after a message (200)")
    kills.add_argument(
        "--gap-ms", type=int, nargs=2, default=(20, 400), metavar=("MIN", "MAX"), help="between kills (20 400)")
    options = parser.parse_args()
    options.scenarios = options.scenarios or list(SCENARIOS)
    if unknown := set(options.scenarios) - set(SCENARIOS):
        parser.error(f"there is no scenario {', '.join(sorted(unknown))}: choose from {', '.join(SCENARIOS)}")
    if not options.kin.is_file():
        parser.error(f"there is no file {options.kin}")
    if options.gap_ms[0] > options.gap_ms[1] or options.gap_ms[0] < 0 or options.pause_ms < 0:
        parser.error("--gap-ms takes two rising numbers, --pause-ms one from 0")
    return options


def _allow_many_connections() -> None:
    """Open files as many as may be, for this process and those it starts."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    except (OSError, ValueError):
        pass  # Where the most is "infinity" the system may still refuse it; scenarios look at what they have.


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


if __name__ == "__main__":
    sys.exit(main())
