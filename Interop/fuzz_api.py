"""Has schemathesis ask a real daemon whatever its OpenAPI document allows and forbids, over TCP, with every check.

    python fuzz_api.py --kin ../.build/debug/kin [--max-examples 5] [--seed 1]
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER / "tests"))

from household import Household  # noqa: E402
from local_api import LocalAPI  # noqa: E402

# A stream does not end, so it is asked elsewhere (tests/test_local_api.py).
STREAMS = ["/v1/events"]
# Below what the daemon answers over TCP: what is tested is not that.
RATE = "90/s"


def fuzz(api: LocalAPI, max_examples: int, seed: int) -> subprocess.CompletedProcess[str]:
    """One run against a daemon; the exit code is 0 where nothing was found."""
    environment = os.environ | {"SCHEMATHESIS_HOOKS": "api_formats", "PYTHONPATH": str(FOLDER)}
    command = [
        str(Path(sys.executable).with_name("schemathesis")), "run", f"{api.url}/openapi.json",
        "--header", f"Authorization: Bearer {api.token}", "--checks", "all", "--seed", str(seed),
        "--max-examples", str(max_examples), "--rate-limit", RATE, "--continue-on-failure", "--no-color",
        "--suppress-health-check", "all", "--generation-database", "none",
    ]
    for path in STREAMS:
        command += ["--exclude-path", path]
    return subprocess.run(command, cwd=api.folder, env=environment, capture_output=True, text=True, check=False)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kin", required=True)
    parser.add_argument("--max-examples", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    house = Household(given.kin)
    try:
        house.serve()
        house.up("laptop")
        house.is_connected("laptop")
        run = fuzz(LocalAPI(house, "laptop"), given.max_examples, given.seed)
        print(run.stdout, run.stderr, sep="")
        return run.returncode
    finally:
        house.close()


if __name__ == "__main__":
    sys.exit(main())
