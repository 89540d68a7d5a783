"""How long a message takes from being posted to being in its recipient's inbox."""

import time

from errors import Failed
from family import Daemon
from ledger import Posting
from load import post_once
from stage import Stage
from unix_http import LocalAPI

POLL_SECONDS = 0.002
LONGEST_SECONDS = 10


class Probe:
    """One message after the other between two daemons."""

    def __init__(self, stage: Stage, sender: Daemon, to: Daemon):
        self._stage = stage
        self._sender = sender
        self._to = to
        self.milliseconds: list[float] = []

    def run(self, seconds: float) -> None:
        """At least one message. One that takes too long is a failure."""
        api, inbox = self._sender.api(), self._to.api()
        until = time.monotonic() + seconds
        while True:
            number = len(self.milliseconds) + 1
            probe = Posting(f"probe-{number}", 9999, number, self._sender.name, self._to.name, "next", "probe")
            started, posted_at = time.monotonic(), int(time.time() * 1000)
            self._stage.ledger.post(probe)
            if not post_once(api, probe, self._stage.ledger):
                raise Failed(f"{probe.id} was not taken")
            self._stage.ledger.ack(probe)
            while not _holds(inbox, probe.id, posted_at):
                if time.monotonic() - started > LONGEST_SECONDS:
                    raise Failed(f"{probe.id} is not in the inbox after {LONGEST_SECONDS} s")
                time.sleep(POLL_SECONDS)
            self.milliseconds.append((time.monotonic() - started) * 1000)
            if time.monotonic() > until:
                break
        api.close()
        inbox.close()

    @property
    def text(self) -> str:
        """The middle and the worst."""
        ordered = sorted(self.milliseconds)
        return f"p50 {ordered[len(ordered) // 2]:.0f} ms, worst {ordered[-1]:.0f} ms"


def _holds(inbox: LocalAPI, identifier: str, since: int) -> bool:
    """Among what came since then, milliseconds since 1970."""
    page = inbox.get("/v1/inbox", since=since, limit=500).body.get("messages", [])
    return any(message["client_message_id"] == identifier for message in page)
