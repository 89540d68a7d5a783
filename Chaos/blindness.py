#!/usr/bin/env python3
"""Searches a server's files, log and memory for what it must not know.

One server and two daemons with unmistakable names exchange unmistakable messages, some while the recipient is away.
Exit code: 0 nothing was found, 1 something was (or the search does not work), 2 usage, 77 not possible here.
"""

import secrets
import sys
from pathlib import Path

import inspections
from errors import Failed, Skipped
from family import Daemon, Family
from inboxes import Deliveries
from knowledge import check_wallet, family_needles, route_id
from memory import read_memory
from needles import Needle, text_needle
from processes import Process, end_all
from progress import say
from search import PLACES, Search, any_found
from waiting import wait_until

MESSAGES = 20
WAIT_SECONDS = 60
SHOWN = 20


class Inspection:
    """One family, what its server must and must not know, and what was found."""

    def __init__(self, family: Family):
        self.family = family
        self.search = Search(family.server, family.data)
        self.known: list[Needle] = []
        self.secret: list[Needle] = []

    def run(self) -> None:
        """Raises `Failed` when something did not work; what was found is in `search`."""
        first, second = self.family.daemons
        check_wallet(self.family)
        self.family.start()
        self.family.wait_until_acquainted()
        self.known.append(text_needle("route id", "route id", route_id(self.family)))
        self.secret += family_needles(self.family)
        self._prove_memory_is_readable(first)

        say("messages while both are online")
        for sender, recipient in ((first, second), (second, first)):
            self._send(sender, recipient, "delivered")
        self._look("after delivery online")

        say("messages for a device that is away")
        end([second.process])
        sent = self._send(first, second, "relayed")
        self._look("while messages wait")
        second.process.start()
        self._wait(first, sent, "delivered")
        self._look("after delivery later")

        end(self.family.processes)
        self._look("after the end", running=False)
        self._prove_the_search_works()

    @property
    def blind(self) -> bool:
        """Nothing secret anywhere."""
        return not any(self.search.count(self.secret, place) for place in PLACES)

    def _send(self, sender: Daemon, recipient: Daemon, status: str) -> set[str]:
        """Sends, and waits until each message is `status`."""
        batch = f"{MESSAGES} to {recipient.process.label}, {status}"
        # One mark in all texts of a batch, twice in each: any of them, whole or half overwritten, is recognised by it.
        mark, identifiers = secrets.token_hex(12), f"id-{secrets.token_hex(10)}"
        self.secret.append(text_needle("message text", batch, mark))
        self.known.append(text_needle("client_message_id", batch, identifiers))
        api, sent = sender.api(), set()
        for number in range(MESSAGES):
            identifier = f"{identifiers}-{number}"
            answer = api.post("/v1/send", {
                "to": recipient.name, "message": f"the {mark} build {number} is {mark} green",
                "client_message_id": identifier,
            })
            if answer.status != 202:
                raise Failed(f"POST /v1/send answered {answer.status} {answer.code} {answer.message}")
            sent.add(identifier)
        api.close()
        self._wait(sender, sent, status)
        return sent

    def _wait(self, sender: Daemon, sent: set[str], status: str) -> None:
        deliveries = Deliveries(sender, sent, status)

        def left() -> str | None:
            deliveries.refresh()
            return f"{len(deliveries.left)} are not: {deliveries.said}" if deliveries.left else None

        wait_until(left, WAIT_SECONDS, f"{len(sent)} messages of {sender.process.label} being {status}")

    def _look(self, when: str, running: bool = True) -> None:
        say(f"searching {when}")
        self.search.look([*self.known, *self.secret], when, running)

    # A search that finds nothing says something only if it would have found it.

    def _prove_memory_is_readable(self, daemon: Daemon) -> None:
        """A daemon knows its own name: it must be seen in its memory."""
        name = [text_needle("device name", daemon.process.label, daemon.name)]
        if not any_found(name, read_memory(daemon.process.pid)):
            raise Failed("the search of a daemon's memory does not find the daemon's own name: it proves nothing")

    def _prove_the_search_works(self) -> None:
        """What the server must know must have been seen where it keeps it."""
        for kind, place in (("client_message_id", "files"), ("client_message_id", "memory"), ("route id", "memory")):
            needles = [needle for needle in self.known if needle.kind == kind]
            if not self.search.count(needles, place):
                raise Failed(f"the server's {place} must hold a {kind}, but none was found: the search proves nothing")
        if not self.search.bytes["log"]:
            raise Failed("the server wrote no log: there was nothing to search")


def end(processes: list[Process]) -> None:
    """SIGTERM; a bad end is a failure."""
    if problems := end_all(processes):
        raise Failed("; ".join(problems))


def table(inspection: Inspection) -> str:
    """What was looked for, and how much of it was found where."""
    search = inspection.search
    rows = [("", "looked for", *PLACES)]
    for title, needles in (("knows", inspection.known), ("must not know", inspection.secret)):
        rows.append((title, "", *("" for _ in PLACES)))
        for kind in dict.fromkeys(needle.kind for needle in needles):
            group = [needle for needle in needles if needle.kind == kind]
            counts = (str(search.count(group, place)) for place in PLACES)
            rows.append((f"  {kind}", str(len(group)), *counts))
    rows.append(("MiB searched", "", *(f"{search.bytes[place] / (1 << 20):.1f}" for place in PLACES)))
    return "\n".join((f"{row[0]:<22}" + "".join(f"{cell:>12}" for cell in row[1:])).rstrip() for row in rows)


def inspect(kin: Path, keep: bool) -> int:
    """One inspection; the exit code."""
    if sys.platform != "linux":
        raise Skipped("reading another process's memory needs Linux's /proc")
    family = Family(kin, [f"n{secrets.token_hex(10)}" for _ in range(2)])
    inspection, passed = Inspection(family), False
    try:
        inspection.run()
        passed = inspection.blind
    except Skipped:
        passed = True
        raise
    finally:
        family.destroy(keep or not passed)
        if keep or not passed:
            say(f"kept: {family.folder} (logs in {family.logs})")
    print(table(inspection), flush=True)
    found = inspection.search.details
    details = [found[needle] for needle in inspection.secret if needle in found]
    for detail in details[:SHOWN]:
        say(f"found: {detail}")
    if len(details) > SHOWN:
        say(f"found: and {len(details) - SHOWN} more")
    print("verdict: " + ("blind" if passed else "FAILED"))
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(inspections.run(__doc__, inspect))
