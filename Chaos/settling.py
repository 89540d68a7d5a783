"""Waiting until everything that was acknowledged is where it belongs, and its senders know it."""

from collections.abc import Callable

from family import Daemon
from inboxes import Deliveries, GrowingInbox
from ledger import Ledger

#: Takes what is left, as a number, and as a text for the case that it does not become less.
Wait = Callable[[Callable[[], int], Callable[[], str]], None]


def settle(daemons: list[Daemon], ledger: Ledger, wait: Wait) -> None:
    """Of messages to others than `daemons` nothing is waited for."""
    growing = [GrowingInbox(daemon) for daemon in daemons]
    wanted = {inbox.daemon.name: ledger.acked_for(inbox.daemon.name) for inbox in growing}

    def lacking() -> int:
        for inbox in growing:
            inbox.refresh()
        return sum(len(wanted[inbox.daemon.name] - inbox.seen) for inbox in growing)

    wait(lacking, lambda: _lacking_text(growing, wanted))
    among_them = set().union(*wanted.values())
    pending = [Deliveries(daemon, ledger.acked_by(daemon.name) & among_them) for daemon in daemons]

    def unconfirmed() -> int:
        for deliveries in pending:
            deliveries.refresh()
        return sum(len(deliveries.left) for deliveries in pending)

    wait(unconfirmed, lambda: _unconfirmed_text(pending))


def _lacking_text(growing: list[GrowingInbox], wanted: dict[str, set[str]]) -> str:
    lacks = {inbox.daemon.name: sorted(wanted[inbox.daemon.name] - inbox.seen) for inbox in growing}
    return "inboxes lack " + ", ".join(
        f"{name}: {len(ids)} of {len(wanted[name])} (such as {', '.join(ids[:3])})" for name, ids in lacks.items()
        if ids)


def _unconfirmed_text(pending: list[Deliveries]) -> str:
    return "not said to be delivered: " + ", ".join(
        f"{len(deliveries.left)} of {deliveries.daemon.name} (such as "
        + ", ".join(f"{i}: {deliveries.said.get(i, 'not asked')}" for i in deliveries.left[:3]) + ")"
        for deliveries in pending if deliveries.left)
