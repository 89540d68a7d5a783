"""Many messages as fast as a daemon takes them, by `POST /v1/send/batch`."""

import random
import threading

from errors import Failed
from family import Daemon
from ledger import Ledger, Posting
from unix_http import LocalAPI

BATCH = 64
#: Of so many messages one is large.
LARGE_EVERY = 50
LARGE_BYTES = 48_000
TIMEOUT_SECONDS = 60


class Flood(threading.Thread):
    """From one daemon to one recipient, `to` by name or id, which the ledger calls `name`."""

    def __init__(self, number: int, daemon: Daemon, to: str, name: str, count: int, ledger: Ledger, seed: int):
        super().__init__(name=f"flood {number}", daemon=True)
        self.failure: Exception | None = None
        self._number = number
        self._daemon = daemon
        self._to = to
        self._name = name
        self._count = count
        self._ledger = ledger
        self._random = random.Random(f"flood {seed} {number}")

    def run(self) -> None:
        api = self._daemon.api(TIMEOUT_SECONDS)
        try:
            for first in range(1, self._count + 1, BATCH):
                self._post(api, [self._make(n) for n in range(first, min(first + BATCH, self._count + 1))])
        except Failed as failure:
            self.failure = failure
        finally:
            api.close()

    def _make(self, number: int) -> Posting:
        length = LARGE_BYTES if number % LARGE_EVERY == 0 else self._random.randrange(200)
        return Posting(
            f"f{self._number}-{number}", 5000 + self._number, number, self._daemon.name, self._name,
            self._random.choice(("next", "next", "now", "low")), f"{number} " + "x" * length)

    def _post(self, api: LocalAPI, postings: list[Posting]) -> None:
        """In order; a batch stays below the local API's 1 MiB."""
        for posting in postings:
            self._ledger.post(posting)
        answer = api.post("/v1/send/batch", {"messages": [posting.request | {"to": self._to} for posting in postings]})
        if answer.status != 200 or answer.body["refusal"] is not None:
            raise Failed(f"a batch was answered {answer.status} {answer.code} {answer.body.get('refusal')}")
        for posting, taken in zip(postings, answer.body["answers"], strict=True):
            if taken["client_message_id"] != posting.id:
                raise Failed(f"{posting.id} was acknowledged as {taken['client_message_id']}")
            self._ledger.ack(posting)


def finish(floods: list[Flood], seconds: float) -> None:
    for flood in floods:
        flood.join(seconds)
        if flood.is_alive():
            raise Failed(f"{flood.name} did not end within {seconds:.0f} s")
        if flood.failure is not None:
            raise flood.failure
