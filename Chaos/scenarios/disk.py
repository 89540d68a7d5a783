"""The disk of the server and then that of a daemon fills up under load, is found full, and is freed again."""

import random
from contextlib import ExitStack

from daemon_disk import DaemonDisk
from family import Family, Setting
from progress import say
from report import Row
from server_disk import ServerDisk
from small_disk import keep_contents, small_disk
from stage import staged
from task import Task

NAMES = ["laptop", "studio", "kiosk"]
DISK_MIB = 48
PAUSE_MS = 100


def run(task: Task, row: Row) -> None:
    row.server_bound_mib, row.daemon_bound_mib = 64, 64
    with ExitStack() as disks:
        small = [disks.enter_context(small_disk(task.folder / name, DISK_MIB)) for name in ("data", "h1")]
        with staged(task, row, Family(task.kin, NAMES, Setting(folder=task.folder))) as stage:
            server, daemon = ServerDisk(stage, small[0]), DaemonDisk(stage, small[1])
            stage.meet()
            try:
                stage.load(1, PAUSE_MS, lambda: alternate(server, daemon, task))
            finally:
                stage.ledger.mark_dead(server.given_up)
            row.did = (
                f"server's disk full {server.rounds} times, a daemon's {daemon.rounds} times, "
                f"{server.kills + daemon.kills} SIGKILLs while full, a daemon received in {daemon.received} rounds, "
                f"{len(server.given_up)} given up by their user")
            stage.settle()
            stage.judge()
            stage.end()
            stage.again()
        if row.problems:
            for disk in small:
                keep_contents(disk)


def alternate(server: ServerDisk, daemon: DaemonDisk, task: Task) -> None:
    """The first round of each has a SIGKILL while full, of the others those that the seed decides."""
    chance = random.Random(f"disk {task.seed}")
    for number in range(task.size(20, 2)):
        for part in (server, daemon):
            kill = chance.random() < 0.5 or number == 0
            say(f"disk: {part.label} fills{', with a SIGKILL' if kill else ''}")
            part.round(number, kill)
