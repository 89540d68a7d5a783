"""Large files between two daemons, with SIGKILLs of server, sender and reader on the way."""

from types import SimpleNamespace

import files
from family import Family
from report import Row
from task import Task

#: MiB, and kills of each file.
WHOLE, SHORT = ((400, 8), (2048, 12)), ((48, 4),)
BOUND_MIB = 48


def run(task: Task, row: Row) -> None:
    row.server_bound_mib = row.daemon_bound_mib = 64
    done = []
    for number, (mib, kills) in enumerate(SHORT if task.short else WHOLE):
        folder = task.folder / str(number)
        folder.mkdir()
        report: dict = {"kills": 0}
        family = Family(task.kin, ["laptop", "studio"], files.setting(mib, folder))
        row.posted += 1
        row.acked += 1
        try:
            files.transfer(
                family, SimpleNamespace(mib=mib, kills=kills, seed=task.seed, bound=BOUND_MIB, scp=False), report)
            row.received += 1
        finally:
            family.destroy(keep=True)
        (folder / "source.bin").unlink()
        (folder / "out.bin").unlink()
        done.append(f"{mib} MiB with {report['kills']} kills in {report['share_seconds'] + report['get_seconds']:.0f} s")
        row.server_mib = max(row.server_mib or 0, report["server_peak_mib"])
        row.daemon_mib = max(row.daemon_mib or 0, report["h1_peak_mib"], report["h2_peak_mib"])
        if report["kills"] == 0:
            row.problems.append(f"nobody was killed while {mib} MiB were on the way")
        if max(row.server_mib, row.daemon_mib) > row.server_bound_mib:
            row.problems.append(f"{max(row.server_mib, row.daemon_mib):.0f} MiB of memory for a file of {mib}")
    row.did = "; ".join(done)
