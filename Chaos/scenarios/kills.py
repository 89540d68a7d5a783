"""Random SIGKILLs of the server and of the daemons under load."""

from family import Family, Setting
from killer import Killer
from progress import say
from report import Row
from stage import staged
from task import Task

#: The share of messages that do not fit a frame and travel as sealed files.
LARGE = 0.01
NAMES = ["laptop", "studio", "kiosk"]


def run(task: Task, row: Row) -> None:
    row.server_bound_mib, row.daemon_bound_mib = 64, 64
    kills, options = task.options.kills or task.size(1000, 20), task.options
    with staged(task, row, Family(task.kin, NAMES, Setting(folder=task.folder))) as stage:
        stage.meet()
        killer = Killer(stage.family, kills, task.seed, tuple(options.gap_ms))

        def progress(done: int) -> None:
            if done % max(1, kills // 5) == 0:
                say(f"kills: {done} of {2 * kills}, {stage.ledger.acked} acknowledged")

        stage.load(options.senders, options.pause_ms, lambda: killer.run(stage.deadline, progress), LARGE)
        of_daemons = sum(daemon.process.kills for daemon in stage.family.daemons)
        of_server = stage.family.server.kills
        row.did = f"{of_server} kills of the server, {of_daemons} of daemons, {killer.under_traffic} under traffic"
        row.did += f"; {stage.ledger.counts['large']} large"
        if min(of_server, of_daemons) < kills:
            row.problems.append(f"of {kills} kills each, {of_server} and {of_daemons} fitted into the time")
        stage.settle()
        stage.judge()
        stage.end()
        stage.again()
