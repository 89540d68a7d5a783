"""The daemon's local API as a program on the same machine reaches it: byte by byte over TCP, and over the Unix socket."""

import json
import socket
from dataclasses import dataclass, field
from pathlib import Path

from household import Household


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return self.json["error"]["code"]


@dataclass
class LocalAPI:
    """One daemon's."""

    house: Household
    name: str
    folder: Path = field(init=False)

    def __post_init__(self) -> None:
        self.folder = self.house.home(self.name) / "daemon" / "home"

    @property
    def port(self) -> int:
        return int((self.folder / "port").read_text())

    @property
    def token(self) -> str:
        return (self.folder / "local_token").read_text().strip()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def connect(self, tcp: bool = True) -> socket.socket:
        if tcp:
            return socket.create_connection(("127.0.0.1", self.port), timeout=20)
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(20)
        connection.connect(str(self.folder / "sock"))
        return connection

    def raw(self, request: bytes, tcp: bool = True) -> Answer:
        """Sends these bytes and reads one answer."""
        with self.connect(tcp) as connection:
            connection.sendall(request)
            return read_answer(connection, has_body=not request.startswith(b"HEAD "))

    def ask(
        self, line: str = "GET /v1/version", *headers: str, body: bytes | None = None, tcp: bool = True,
        token: bool = True, host: str | None = "localhost",
    ) -> Answer:
        lines = [f"{line} HTTP/1.1"]
        if host is not None:
            lines.append(f"Host: {host}")
        if token and tcp:
            lines.append(f"Authorization: Bearer {self.token}")
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        head = "\r\n".join([*lines, *headers, "", ""]).encode()
        return self.raw(head + (body or b""), tcp)

    def refused(self) -> dict[str, float]:
        """The counts of refusals, by why."""
        text = self.ask("GET /v1/metrics", tcp=False).body.decode()
        name = 'kin_daemon_ipc_refused_total{reason="'
        lines = [line.removeprefix(name) for line in text.splitlines() if line.startswith(name)]
        return {line.split('"')[0]: float(line.split()[-1]) for line in lines}


def read_answer(connection: socket.socket, has_body: bool = True) -> Answer:
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            raise ConnectionError("closed without an answer")
        data += chunk
    head, body = data.split(b"\r\n\r\n", 1)
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    length = int(headers.get("content-length", 0))
    while has_body and len(body) < length:
        chunk = connection.recv(65536)
        if not chunk:
            break
        body += chunk
    return Answer(int(first.split()[1]), headers, body)
