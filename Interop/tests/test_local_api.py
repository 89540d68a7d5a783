"""Who may ask the daemon, line by line (docs/protocol/local-api.md, "Who may ask"): a real daemon, and bytes that no library tidies up."""

import json
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from household import Household, binary, eventually
from local_api import Answer, LocalAPI, read_answer

JSON = "Content-Type: application/json"
MESSAGE = b'{"to":"laptop","message":"a body that is no one else\'s"}'


@pytest.fixture(scope="module")
def house() -> Iterator[Household]:
    kin = binary()
    if kin is None:
        pytest.skip("build it first: swift build --product kin")
    household = Household(kin)
    try:
        household.serve()
        household.up("laptop", "--log-level", "debug")
        household.is_connected("laptop")
        yield household
    finally:
        household.close()


@pytest.fixture(scope="module")
def api(house: Household) -> LocalAPI:
    return LocalAPI(house, "laptop")


def check(answer: Answer, status: int, code: str) -> None:
    assert (answer.status, answer.code) == (status, code), answer.body
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert answer.headers["content-type"] == "application/json"


def test_the_files_are_the_users_alone(api: LocalAPI) -> None:
    assert (api.folder / "local_token").stat().st_mode & 0o777 == 0o600
    assert (api.folder / "sock").stat().st_mode & 0o777 == 0o600
    assert (api.folder / "port").stat().st_mode & 0o777 == 0o644
    # Nowhere but on loopback.
    own = socket.gethostbyname(socket.gethostname())
    if not own.startswith("127."):
        with pytest.raises(OSError):
            socket.create_connection((own, api.port), timeout=5)


@pytest.mark.parametrize("line", ["GET /v1/version", "GET /v1/nothing", "POST /v1/send", "DELETE /v1/send", "GET /openapi.json"])
def test_over_tcp_everything_needs_the_token(api: LocalAPI, line: str) -> None:
    missing = api.ask(line, token=False)
    check(missing, 401, "token_missing")
    assert missing.headers["www-authenticate"] == "Bearer"
    for shown in ["Bearer x", f"Basic {api.token}", f"Bearer {api.token[:-1]}", f"Bearer {api.token} x", "Bearer", f"Bearer {api.token.swapcase()}"]:
        check(api.ask(line, f"Authorization: {shown}", token=False), 401, "token_invalid")
    check(api.ask(line, "Authorization: Bearer x"), 401, "token_invalid")
    check(api.ask(line, f"Cookie: token={api.token}", f"X-Token: {api.token}", token=False), 401, "token_missing")


def test_the_socket_needs_none(api: LocalAPI) -> None:
    assert api.ask(tcp=False).status == 200
    assert api.ask("POST /v1/send", "Content-Type: application/x-www-form-urlencoded", body=MESSAGE, tcp=False).status == 202


@pytest.mark.parametrize("tcp", [True, False])
@pytest.mark.parametrize("query", ["token=abc-secret", "TOKEN=abc-secret", "access_token=abc-secret", "a=b&toke%6E=abc-secret", "a=1;api_key=abc-secret", "token"])
def test_a_credential_in_the_address_is_refused(api: LocalAPI, query: str, tcp: bool) -> None:
    check(api.ask(f"GET /v1/version?{query}", tcp=tcp), 400, "credential_in_address")


@pytest.mark.parametrize("tcp", [True, False])
def test_the_host_must_be_this_machine(api: LocalAPI, tcp: bool) -> None:
    for host in ["localhost", "LOCALHOST:7441", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:80", "", None]:
        assert api.ask(tcp=tcp, host=host).status == 200, host
    for host in [
        "attacker.localhost", "localhost.attacker.example", "127.0.0.1.nip.io", "127.0.0.2", "[::1", "localhost:x",
        "localhost:123456", "x@localhost", "localhost.", "0.0.0.0", "example.com",
    ]:
        check(api.ask(tcp=tcp, host=host), 403, "host_refused")
    check(api.ask("GET /v1/version", "Host: example.com", tcp=tcp), 403, "host_refused")
    check(api.ask("GET *", tcp=tcp), 400, "invalid_request")


@pytest.mark.parametrize("tcp", [True, False])
def test_pages_are_refused(api: LocalAPI, tcp: bool) -> None:
    for header in ["Origin: http://localhost", "Origin: null", "Origin: https://example.com", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site"]:
        check(api.ask("GET /v1/version", header, tcp=tcp), 403, "origin_refused")
    check(api.ask("OPTIONS /v1/send", "Access-Control-Request-Method: POST", tcp=tcp), 403, "origin_refused")
    check(api.ask("OPTIONS /v1/send", "Origin: http://a", "Access-Control-Request-Method: POST", tcp=tcp), 403, "origin_refused")
    for site in ["none", "same-origin"]:
        assert api.ask("GET /v1/version", f"Sec-Fetch-Site: {site}", tcp=tcp).status == 200


def test_over_tcp_a_body_is_json(api: LocalAPI) -> None:
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonp", ""]:
        headers = [f"Content-Type: {kind}"] if kind else []
        check(api.ask("POST /v1/send", *headers, body=MESSAGE), 415, "media_type")
    assert api.ask("POST /v1/send", "content-type: Application/JSON ; charset=utf-8", body=MESSAGE).status == 202


@pytest.mark.parametrize("tcp", [True, False])
def test_a_body_is_a_mebibyte_at_most(api: LocalAPI, tcp: bool) -> None:
    check(api.ask("POST /v1/send", JSON, "Content-Length: 1048577", tcp=tcp), 413, "body_too_large")
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    head = f"POST /v1/send HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {api.token}\r\n{JSON}\r\nTransfer-Encoding: chunked\r\n\r\n"
    check(api.raw(head.encode() + chunk * 17 + b"0\r\n\r\n", tcp), 413, "body_too_large")


@pytest.mark.parametrize("tcp", [True, False])
def test_a_head_is_bounded(api: LocalAPI, tcp: bool) -> None:
    check(api.ask("GET /v1/version", "X: " + "y" * 16384, tcp=tcp), 431, "head_too_large")
    check(api.ask("GET /v1/version", *[f"X{number}: y" for number in range(101)], tcp=tcp), 431, "head_too_large")
    assert api.ask("GET /v1/version", "X: " + "y" * 200_000, tcp=tcp).status == 400


def test_methods_that_are_none_name_those_that_are(api: LocalAPI) -> None:
    for method in ["GET", "PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "PROPFIND"]:
        answer = api.ask(f"{method} /v1/send")
        check(answer, 405, "method_not_allowed")
        assert answer.headers["allow"] == "POST"
    assert api.ask("POST /v1/health").headers["allow"] == "GET, HEAD"
    head = api.ask("HEAD /v1/nothing")
    assert head.status == 404


def test_head_is_get_without_its_body(api: LocalAPI) -> None:
    with api.connect() as connection:
        request = f"HEAD /v1/version HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {api.token}\r\n\r\n".encode()
        connection.sendall(request)
        time.sleep(0.3)
        data = connection.recv(65536)
    assert data.startswith(b"HTTP/1.1 200") and data.endswith(b"\r\n\r\n")


def test_the_token_is_changed_over_the_socket_alone(api: LocalAPI, house: Household) -> None:
    check(api.ask("POST /v1/token/rotate"), 403, "unix_socket_only")
    first = api.token
    told = json.loads(house.run("laptop", "daemon", "rotate-token", "--json").stdout)
    assert told["path"] == str(api.folder / "local_token") and told["former_until"] > time.time() * 1000 + 50_000
    assert api.token != first and (api.folder / "local_token").stat().st_mode & 0o777 == 0o600
    for token in [first, api.token]:
        assert api.ask("GET /v1/version", f"Authorization: Bearer {token}", token=False).status == 200
    assert "rotate-token" in house.run("laptop", "daemon", "--help").stdout
    text = house.run("laptop", "daemon", "rotate-token").stdout
    assert api.token not in text and "local_token" in text


def test_what_does_not_come_is_cut(api: LocalAPI) -> None:
    started = time.monotonic()
    slow = [api.connect() for _ in range(3)]
    slow[1].sendall(b"GET /v1/version HTTP/1.1\r\nHost: loc")
    head = f"POST /v1/send HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {api.token}\r\n{JSON}\r\nContent-Length: 50\r\n\r\n"
    slow[2].sendall(head.encode() + b"{")

    def drip() -> None:
        try:
            while time.monotonic() - started < 13:
                slow[1].sendall(b"x")
                time.sleep(1)
        except OSError:
            pass

    threading.Thread(target=drip, daemon=True).start()
    check(read_answer(slow[2]), 408, "body_timeout")
    assert 9 < time.monotonic() - started < 12
    for connection in slow:
        try:
            assert connection.recv(1) == b""
        except ConnectionResetError:
            pass
        connection.close()
    assert time.monotonic() - started < 14


def test_there_are_32_streams_at_most(api: LocalAPI) -> None:
    request = f"GET /v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {api.token}\r\n\r\n".encode()
    streams = [api.connect() for _ in range(32)]
    for stream in streams:
        stream.sendall(request)
        assert stream.recv(4096).startswith(b"HTTP/1.1 200")
    check(api.ask("GET /v1/events"), 429, "too_many_streams")
    for stream in streams:
        stream.close()
    eventually("there is room", lambda: api.ask("HEAD /v1/events").status == 200)


@pytest.mark.parametrize("last", ["", "x", "1.5", "+5", "1" * 19, "5, 6"])
def test_an_event_id_that_is_none_is_refused(api: LocalAPI, last: str) -> None:
    check(api.ask("GET /v1/events", f"Last-Event-ID: {last}"), 400, "invalid_request")
    check(api.ask("GET /v1/events", "Last-Event-ID: 1", "Last-Event-ID: 2"), 400, "invalid_request")


def test_who_asks_too_fast_waits(api: LocalAPI) -> None:
    request = f"GET /v1/compat HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {api.token}\r\n\r\n".encode()
    statuses: list[int] = []
    with api.connect() as connection:
        for _ in range(15):
            connection.sendall(request * 100)
            for _ in range(100):
                answer = _next(connection)
                statuses.append(answer.status)
                if answer.status == 429:
                    assert answer.code == "rate_limited" and answer.headers["retry-after"] == "1"
    assert statuses.count(200) >= 1000 and statuses.count(429) > 0
    # Who shows no token takes nobody's turn away.
    assert api.ask(token=False).status == 401
    eventually("there is room again", lambda: api.ask().status == 200, seconds=5)
    assert all(api.ask("GET /v1/compat", tcp=False).status == 200 for _ in range(200))


def _next(connection: socket.socket) -> Answer:
    """One answer of several on a connection."""
    data = b""
    while not data.endswith(b"\r\n\r\n"):
        data += connection.recv(1)
    first, *lines = data.decode().strip().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    body = b""
    while len(body) < int(headers["content-length"]):
        body += connection.recv(int(headers["content-length"]) - len(body))
    return Answer(int(first.split()[1]), headers, body)


def test_what_was_refused_is_counted_and_told_without_secrets(api: LocalAPI, house: Household) -> None:
    counts = api.refused()
    for reason in ["credential_in_address", "host_refused", "origin_refused", "token_missing", "token_invalid", "unix_socket_only",
                   "rate_limited", "too_many_streams", "head_too_large", "body_too_large", "media_type", "body_timeout"]:
        assert counts[reason] > 0, reason
    assert counts["other"] == 0
    handle = json.loads(
        api.ask("POST /v1/vault/unlock", JSON, body=json.dumps({"mnemonic": "abandon " * 23 + "art"}).encode()).body
    )["handle"]
    wanted = b'{"site":"example.com"}'
    assert api.ask("POST /v1/vault/derive_password", JSON, body=wanted).code == "handle_required"
    assert api.ask("POST /v1/vault/derive_password", JSON, f"X-Kindred-Vault-Handle: {handle}", body=wanted).status == 200
    log = "\n".join(house.log("laptop"))
    told = [line for line in house.log("laptop") if json.loads(line)["event"] == "ipc_refused"]
    assert {json.loads(line)["code"] for line in told} >= {"credential_in_address", "host_refused", "origin_refused", "token_missing", "token_invalid"}
    assert len(told) < 30 and "Bearer ***" in log
    for secret in [api.token, handle, "abc-secret", "no one else", "abandon", "example.com"]:
        assert secret not in log


def test_what_is_not_read_is_not_kept(house: Household) -> None:
    """A listener that reads nothing is cut off; the others hear everything."""
    house.up("reader")
    house.is_connected("reader")
    house.sees("laptop", "reader")
    reader = LocalAPI(house, "reader")
    listener = reader.connect()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    listener.sendall(f"GET /v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {reader.token}\r\n\r\n".encode())
    assert listener.recv(64).startswith(b"HTTP/1.1 200")
    sender = LocalAPI(house, "laptop")
    batch = json.dumps({"messages": [{"to": "reader", "message": "x" * 40_000}] * 25}).encode()
    for _ in range(12):
        assert sender.ask("POST /v1/send/batch", JSON, body=batch, tcp=False).status == 200
    eventually("all came", lambda: reader.ask("GET /v1/health", tcp=False).json["inbox"]["messages"] == 300)
    eventually("it is cut off", lambda: "kin_daemon_event_streams 0" in reader.ask("GET /v1/metrics", tcp=False).body.decode(), 60)
    listener.close()
