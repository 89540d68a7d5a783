"""HTTP to a daemon over its Unix socket, as any program on the host would speak it."""

import http.client
import json
import socket
from dataclasses import dataclass
from urllib.parse import urlencode

from errors import Failed


class Unreachable(Failed):
    """No whole answer came: what was asked may or may not have happened."""


@dataclass(frozen=True)
class Answer:
    """A whole answer."""

    status: int
    body: dict

    @property
    def code(self) -> str:
        """The error's code, or the empty string."""
        error = self.body.get("error")
        return str(error.get("code", "")) if isinstance(error, dict) else ""

    @property
    def message(self) -> str:
        """The error's text, or the empty string."""
        error = self.body.get("error")
        return str(error.get("message", "")) if isinstance(error, dict) else ""


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float):
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class LocalAPI:
    """One kept-alive connection to `socket_path`. Not for several threads at once."""

    def __init__(self, socket_path: str, timeout: float = 10):
        self._connection = _UnixConnection(socket_path, timeout)

    def get(self, path: str, **query: object) -> Answer:
        given = {name: value for name, value in query.items() if value is not None}
        return self._ask("GET", path + ("?" + urlencode(given) if given else ""))

    def post(self, path: str, body: dict, headers: dict[str, str] | None = None) -> Answer:
        return self._ask("POST", path, json.dumps(body).encode(), headers)

    def close(self) -> None:
        self._connection.close()

    def _ask(
        self, method: str, path: str, body: bytes | None = None, more: dict[str, str] | None = None
    ) -> Answer:
        headers = ({"Content-Type": "application/json"} if body is not None else {}) | (more or {})
        try:
            self._connection.request(method, path, body, headers)
            response = self._connection.getresponse()
            status, content = response.status, response.read()
            answer = json.loads(content)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._connection.close()
            raise Unreachable(f"{method} {path}: {type(error).__name__} {error}") from error
        if not isinstance(answer, dict):
            raise Unreachable(f"{method} {path}: the answer is no object")
        return Answer(status, answer)
