"""The event stream of a real daemon across its sudden ends: every message once, in order."""

import http.client
import json
import threading
import time

from household import Household, eventually
from local_api import LocalAPI

MESSAGES = 500
KILLS = 5


class Listener:
    """Reads events as a browser's EventSource does: reconnects, and says which it saw last."""

    def __init__(self, house: Household, name: str):
        self.api = LocalAPI(house, name)
        self.heard: list[str] = []
        self.last: str | None = None
        self.connections = 0
        self.ended = False
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        while not self.ended:
            try:
                self._listen()
            except (OSError, http.client.HTTPException, ValueError):
                time.sleep(0.02)

    def _listen(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.api.port, timeout=20)
        headers = {"Authorization": f"Bearer {self.api.token}"}
        if self.last is not None:
            headers["Last-Event-ID"] = self.last
        connection.request("GET", "/v1/events", headers=headers)
        response = connection.getresponse()
        if response.status != 200:
            raise ValueError(response.status)
        self.connections += 1
        event: dict[str, str] = {}
        # A line that the end of the daemon cut off ends with the stream and not with a line break.
        while (line := response.readline()).endswith(b"\n"):
            text = line.decode().rstrip("\n")
            if not text:
                self._take(event)
                event = {}
            elif not text.startswith(":"):
                name, value = text.split(": ", 1)
                event[name] = value

    def _take(self, event: dict[str, str]) -> None:
        if event.get("event") != "message":
            return
        self.heard.append(json.loads(event["data"])["body"])
        self.last = event["id"]


def test_a_listener_hears_everything_once_though_the_daemon_is_killed(house: Household) -> None:
    house.serve()
    for name in ["laptop", "studio"]:
        house.up(name)
    house.sees("laptop", "studio")
    listener = Listener(house, "studio")
    eventually("it listens", lambda: listener.connections == 1)
    listener.last = "0"
    sender = LocalAPI(house, "laptop")

    def send() -> None:
        for number in range(MESSAGES):
            body = json.dumps({"to": "studio", "message": str(number)}).encode()
            assert sender.ask("POST /v1/send", "Content-Type: application/json", body=body, tcp=False).status == 202
            time.sleep(0.01)

    sending = threading.Thread(target=send)
    sending.start()
    for kill in range(1, KILLS + 1):
        eventually("some came", lambda: len(listener.heard) >= kill * MESSAGES // (KILLS + 2))
        house.kill("studio")
        house.up("studio")
    sending.join()
    eventually("all came", lambda: len(listener.heard) >= MESSAGES, 60)
    time.sleep(0.3)
    listener.ended = True
    assert listener.heard == [str(number) for number in range(MESSAGES)]
    assert listener.connections > KILLS
