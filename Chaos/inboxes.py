"""What the inboxes hold and how far messages have come, read as any program on the host would."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from family import Daemon
from unix_http import Answer, LocalAPI, Unreachable

PAGE = 500


@dataclass(frozen=True)
class Received:
    """One message of an inbox."""

    id: int
    client_message_id: str
    sender: str
    sender_member: str
    priority: str
    body: str
    received_at: int

    @staticmethod
    def read(message: dict) -> "Received":
        return Received(
            message["id"], message["client_message_id"], message["from"], message["from_member"],
            message["priority"], message["body"], message["received_at"])


def write_inbox(daemon: Daemon, folder: Path) -> None:
    """The whole inbox, oldest first, as `inbox-NAME.jsonl`."""
    path = folder / f"inbox-{daemon.name}.jsonl"
    with open(path, "w", encoding="utf-8") as lines:
        for message in _messages(daemon):
            lines.write(json.dumps(asdict(message), ensure_ascii=False) + "\n")


def _messages(daemon: Daemon) -> Iterator[Received]:
    api = daemon.api(timeout=30)
    try:
        cursor = None
        while True:
            page, cursor = _page(api, cursor)
            yield from page
            if cursor is None:
                return
    finally:
        api.close()


class GrowingInbox:
    """Follows an inbox by asking again from the last whole page."""

    def __init__(self, daemon: Daemon):
        self.daemon = daemon
        self.seen: set[str] = set()
        self._api = daemon.api()
        self._cursor: str | None = None

    def refresh(self) -> None:
        """Reads on; a daemon that does not answer is asked again next time."""
        try:
            while True:
                page, following = _page(self._api, self._cursor)
                self.seen.update(message.client_message_id for message in page)
                if following is None:
                    return
                self._cursor = following
        except Unreachable:
            return


class Deliveries:
    """Asks a sender's daemon about each of its messages until it says `wanted`."""

    def __init__(self, daemon: Daemon, ids: set[str], wanted: str = "delivered"):
        self.daemon = daemon
        self._wanted = wanted
        self.left = sorted(ids)
        #: The last answer about each that is left.
        self.said: dict[str, str] = {}
        self._api = daemon.api()

    def refresh(self) -> None:
        left = []
        for position, identifier in enumerate(self.left):
            try:
                self.said[identifier] = _status(self._api.get(f"/v1/message/{identifier}"))
            except Unreachable as error:
                self.said[identifier] = str(error)
                left += self.left[position:]
                break
            if self.said[identifier] != self._wanted:
                left.append(identifier)
        self.left = left


def _status(answer: Answer) -> str:
    if answer.status != 200:
        return f"{answer.status} {answer.code}"
    return str(answer.body["status"])


def _page(api: LocalAPI, cursor: str | None) -> tuple[list[Received], str | None]:
    answer = api.get("/v1/inbox", limit=PAGE, cursor=cursor)
    if answer.status != 200:
        raise Unreachable(f"GET /v1/inbox: {answer.status} {answer.code} {answer.message}")
    return [Received.read(message) for message in answer.body["messages"]], answer.body["cursor"]
