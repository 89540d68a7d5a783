"""Between each daemon and the server frames are repeated, held back, reordered, lost, and connections cut."""

from collections import Counter

from family import Family, Setting, free_port
from proxy import Proxies
from report import Row
from stage import Stage, staged
from task import Task
from waiting import wait_until

NAMES = ["laptop", "studio", "kiosk"]
SENDERS = 4
PAUSE_MS = 20
LOAD_SECONDS = 900


def run(task: Task, row: Row) -> None:
    row.server_bound_mib, row.daemon_bound_mib = 64, 64
    port = free_port()
    proxies = Proxies(len(NAMES), port, task.seed)
    try:
        dialled = tuple(f"http://127.0.0.1:{proxy}" for proxy in proxies.ports)
        origins = tuple(word for url in dialled for word in ("--origin", url))
        setting = Setting(folder=task.folder, port=port, server_arguments=origins, dialled=dialled)
        with staged(task, row, Family(task.kin, NAMES, setting)) as stage:
            stage.meet()
            stage.load(SENDERS, PAUSE_MS, lambda: _until_enough(stage, proxies.deeds))
            row.did = _summary(proxies.deeds)
            proxies.calm()
            stage.settle()
            stage.judge()
            stage.end()
            stage.again()
    finally:
        proxies.close()


def _until_enough(stage: Stage, deeds: Counter[str]) -> None:
    """A run in which one of the deeds never happened would not have tested it."""
    enough = stage.task.size(20_000, 1_000)
    wanted = [f"{kind} {deed}" for kind in ("ack", "client_ack") for deed in ("repeated", "held back", "dropped")]
    wanted += ["push repeated", "send repeated", "connection cut"]

    def missing() -> str | None:
        if stage.ledger.acked < enough:
            return f"{stage.ledger.acked} of {enough}"
        never = [deed for deed in wanted if not deeds[deed]]
        return f"never happened: {', '.join(never)}" if never else None

    wait_until(missing, LOAD_SECONDS, "messages being acknowledged, and all that may happen to them happening")


def _summary(deeds: Counter[str]) -> str:
    def of(*words: str) -> int:
        return sum(count for deed, count in deeds.items() if any(word in deed for word in words))

    return (
        f"{of('ack repeated', 'nack repeated')} acks repeated, {of('held')} held back and reordered, "
        f"{of('dropped')} dropped, {of('push repeated', 'send repeated')} sends and pushes repeated, "
        f"{of('delayed')} delays, {of('cut')} connections cut")
