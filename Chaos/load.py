"""Senders: each posts its own sequence of messages, one after the other, each until it is acknowledged."""

import random
import threading
import time
from collections import deque

from family import Daemon
from ledger import Ledger, Posting
from unix_http import LocalAPI, Unreachable

RETRY_SECONDS = 0.02
POST_TIMEOUT_SECONDS = 10
PRIORITIES = ("next", "next", "next", "now", "low")
BODY_LENGTHS = (0, 40, 40, 200, 200, 1000, 4000)
LARGE_LENGTHS = (70_000, 150_000, 300_000)
ALPHABET = "abcdefghijklmnopqrstuvwxyz 0123456789 \"\\\n\t äßé 漢字 🦊"


class Sender(threading.Thread):
    """One thread from one daemon to one device. What it posts follows from the seed; when, from the machine."""

    def __init__(self, number: int, daemon: Daemon, to: str, ledger: Ledger, seed: int, pause_ms: int,
                 large: float = 0):
        super().__init__(name=f"sender {number}", daemon=True)
        self._number = number
        self._daemon = daemon
        self._to = to
        self._ledger = ledger
        self._random = random.Random(f"sender {seed} {number}")
        self._pause_ms = pause_ms
        #: The share of messages that do not fit a frame.
        self._large = large
        self._enough = threading.Event()
        self._give_up = threading.Event()
        self._acked = 0
        self._latest: deque[Posting] = deque(maxlen=50)
        #: What it could not get acknowledged.
        self.stuck: Posting | None = None

    def finish(self) -> None:
        """No new message; the one under way is still posted until acknowledged."""
        self._enough.set()

    def give_up(self) -> None:
        """Not even that."""
        self._enough.set()
        self._give_up.set()

    def run(self) -> None:
        api = self._daemon.api(POST_TIMEOUT_SECONDS)
        while not self._enough.is_set():
            posting = self._next()
            self._ledger.post(posting)
            if not post_until_acked(api, posting, self._ledger, self._give_up):
                self.stuck = posting
                break
            self._acked += 1
            self._latest.append(posting)
            if self._random.random() < 0.05:
                self._post_again(api)
            self._enough.wait(self._random.uniform(0, self._pause_ms) / 1000)
        api.close()

    def _next(self) -> Posting:
        number = self._acked + 1
        identifier = f"c{self._number}-{number}"
        noise = "".join(self._random.choices(ALPHABET, k=self._random.choice(BODY_LENGTHS)))
        if self._large and self._random.random() < self._large:
            self._ledger.count("large")
            noise = (noise + "x") * (self._random.choice(LARGE_LENGTHS) // (len(noise.encode()) + 1))
        return Posting(
            identifier, self._number, number, self._daemon.name, self._to, self._random.choice(PRIORITIES),
            f"{identifier} {noise}")

    def _post_again(self, api: LocalAPI) -> None:
        """A repeat of what was acknowledged must be recognised, and must not arrive again."""
        posting = self._random.choice(self._latest)
        self._ledger.count("reposted")
        post_once(api, posting, self._ledger)


def post_until_acked(api: LocalAPI, posting: Posting, ledger: Ledger, give_up: threading.Event) -> bool:
    """Posts with the same id again until a 200 or 202 came; False when told to give up."""
    while not post_once(api, posting, ledger):
        if give_up.wait(RETRY_SECONDS):
            return False
    ledger.ack(posting)
    return True


def post_once(api: LocalAPI, posting: Posting, ledger: Ledger) -> bool:
    """True when acknowledged. A refusal for good is a broken promise: every posting is a valid one."""
    try:
        answer = api.post("/v1/send", posting.request)
    except Unreachable:
        ledger.count("unreachable")
        return False
    if answer.status in (200, 202):
        if answer.body.get("client_message_id") != posting.id:
            ledger.refuse(posting, f"acknowledged as {answer.body.get('client_message_id')!r}")
        return True
    ledger.count(f"answered {answer.status}")
    if answer.status < 500:
        ledger.refuse(posting, f"{answer.status} {answer.code} {answer.message}")
    return False


def start_senders(
    daemons: list[Daemon], per_pair: int, ledger: Ledger, seed: int, pause_ms: int, large: float = 0
) -> list[Sender]:
    """`per_pair` threads for each sender and recipient; of their messages the share `large` is too large for a frame."""
    pairs = [(daemon, to.name) for daemon in daemons for to in daemons if to is not daemon] * per_pair
    senders = [
        Sender(number, daemon, to, ledger, seed, pause_ms, large) for number, (daemon, to) in enumerate(pairs, start=1)
    ]
    for sender in senders:
        sender.start()
    return senders


def finish_senders(senders: list[Sender], seconds: float) -> list[str]:
    """Lets every sender get its last message acknowledged; says which could not within `seconds`."""
    for sender in senders:
        sender.finish()
    deadline = time.monotonic() + seconds
    for sender in senders:
        sender.join(max(0.0, deadline - time.monotonic()))
        sender.give_up()
    for sender in senders:
        sender.join(POST_TIMEOUT_SECONDS + 1)
    return [
        f"{sender.stuck.id} from {sender.stuck.sender} was not acknowledged within {seconds:.0f} s of quiet"
        for sender in senders if sender.stuck is not None
    ]
