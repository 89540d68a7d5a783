"""`GET /openapi.json` of a real daemon: a fuzzer that reads it finds nothing, and a client generated from it sends and reads."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from household import Household, eventually
from local_api import LocalAPI

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from fuzz_api import fuzz  # noqa: E402


def test_a_fuzzer_finds_nothing(house: Household) -> None:
    house.serve()
    house.up("laptop")
    house.is_connected("laptop")
    api = LocalAPI(house, "laptop")
    run = fuzz(api, max_examples=3, seed=7)
    assert run.returncode == 0, run.stdout + run.stderr
    # The daemon is as it was, and failed by no fault of its own.
    assert api.ask("GET /v1/health").json["broker"]["connected"]
    assert not [line for line in house.log("laptop") if json.loads(line)["event"] == "request_failed"]


def test_a_generated_client_sends_and_reads(house: Household, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house.serve()
    for name in ["laptop", "studio"]:
        house.up(name)
    for name in ["laptop", "studio"]:
        house.sees(name, "laptop", "studio")
    laptop, studio = LocalAPI(house, "laptop"), LocalAPI(house, "studio")
    document = tmp_path / "openapi.json"
    document.write_bytes(laptop.ask("GET /openapi.json").body)
    made = subprocess.run(
        [str(Path(sys.executable).with_name("openapi-python-client")), "generate", "--path", str(document),
         "--output-path", str(tmp_path / "client"), "--meta", "none", "--fail-on-warning"],
        cwd=tmp_path, capture_output=True, text=True, check=False, env={"PATH": str(Path(sys.executable).parent) + ":/usr/bin:/bin"},
    )
    assert made.returncode == 0, made.stdout + made.stderr
    monkeypatch.syspath_prepend(str(tmp_path))
    client = importlib.import_module("client")
    models = importlib.import_module("client.models")
    send = importlib.import_module("client.api.send.post_send")
    inbox = importlib.import_module("client.api.inbox.get_inbox")

    with client.AuthenticatedClient(base_url=laptop.url, token=laptop.token) as sender:
        answer = send.sync(client=sender, body=models.SendRequest(to="studio", message="from a generated client"))
        assert isinstance(answer, models.SendAnswer) and answer.status == "queued"
        refused = send.sync(client=sender, body=models.SendRequest(to="nobody", message="x"))
        assert isinstance(refused, models.Error) and refused.error.code == "unknown_recipient"
    with client.AuthenticatedClient(base_url=studio.url, token=studio.token) as reader:
        def came() -> list:
            page = inbox.sync(client=reader, limit=10)
            assert isinstance(page, models.InboxPage)
            return page.messages

        message = eventually("it came", came)[0]
        assert (message.body, message.from_, message.client_message_id) == (
            "from a generated client", "laptop", answer.client_message_id)
    with client.AuthenticatedClient(base_url=studio.url, token="x") as stranger:
        assert isinstance(inbox.sync(client=stranger), models.Error)
