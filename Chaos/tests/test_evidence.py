"""The ledger's file says of each message what became of it; the deck, the clock and the report do what they say."""

import json
import os
import subprocess
import sys
import tempfile
import time
import unittest
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

from errors import Skipped
from footprint import anonymous_bytes
from killer import deck
from ledger import Ledger, Posting
from passed_time import PassedTime
from report import Row, line, markdown


def posting(number: int) -> Posting:
    return Posting(f"c1-{number}", 1, number, "laptop", "studio", "next", "bödy")


class LedgerTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.ledger = Ledger(Path(folder.name))
        self.ledger.members = {"laptop": "M1"}

    def lines(self) -> dict[str, dict]:
        text = (self.ledger.folder / "posted.jsonl").read_text(encoding="utf-8")
        return {item["id"]: item for item in map(json.loads, text.splitlines())}

    def test_each_message_is_one_line_with_its_fate(self):
        for number in (1, 2):
            self.ledger.post(posting(number))
        self.ledger.ack(posting(2))
        self.ledger.close()
        self.assertEqual({name: item["acked"] for name, item in self.lines().items()}, {"c1-1": False, "c1-2": True})
        self.assertEqual(self.lines()["c1-2"]["sender_member"], "M1")
        self.assertEqual(self.ledger.acked_for("studio"), {"c1-2"})

    def test_what_is_dead_is_marked_and_not_waited_for(self):
        for number in (1, 2):
            self.ledger.post(posting(number))
            self.ledger.ack(posting(number))
        self.ledger.mark_dead({"c1-1"})
        self.ledger.post(posting(3))
        self.ledger.ack(posting(3))
        self.ledger.close()
        self.assertEqual([name for name, item in self.lines().items() if item.get("dead")], ["c1-1"])
        self.assertEqual(self.ledger.acked_by("laptop"), {"c1-2", "c1-3"})


class DeckTests(unittest.TestCase):
    def test_server_and_daemons_are_killed_equally_often_in_an_order_of_the_seed(self):
        family = SimpleNamespace(server="s", daemons=[SimpleNamespace(process=name) for name in "abc"])
        self.assertEqual(Counter(deck(family, 30, 1)), {"s": 30, "a": 10, "b": 10, "c": 10})
        self.assertEqual(deck(family, 30, 1), deck(family, 30, 1))
        self.assertNotEqual(deck(family, 30, 1), deck(family, 30, 2))


class PassedTimeTests(unittest.TestCase):
    def test_a_process_sees_the_hours_that_passed_and_waits_no_longer_for_it(self):
        with tempfile.TemporaryDirectory() as folder:
            try:
                passed = PassedTime(Path(folder))
            except Skipped as reason:
                self.skipTest(str(reason))
            code = (
                "import sys, time; print(time.time(), flush=True); sys.stdin.readline(); "
                "print(time.time(), time.monotonic())")
            with subprocess.Popen(
                [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                env=os.environ | passed.environment,
            ) as child:
                before = float(child.stdout.readline())
                passed.pass_hours(72)
                child.stdin.close()
                after, monotonic = map(float, child.stdout.readline().split())
        self.assertAlmostEqual(before, time.time(), delta=30)
        self.assertAlmostEqual(after - before, 72 * 3600, delta=30)
        self.assertAlmostEqual(monotonic, time.monotonic(), delta=30)


class FootprintTests(unittest.TestCase):
    @unittest.skipUnless(sys.platform == "linux", "proc(5)")
    def test_what_a_process_takes_is_seen(self):
        before = anonymous_bytes(os.getpid())
        taken = bytearray(os.urandom(1)) * (32 << 20)
        self.assertGreater(anonymous_bytes(os.getpid()) - before, 30 << 20)
        del taken

    def test_of_a_process_that_is_not_there_nothing_is_known(self):
        self.assertIsNone(anonymous_bytes(2**22 + 1))


class ReportTests(unittest.TestCase):
    def test_a_row_fails_with_any_problem_and_is_skipped_with_a_reason(self):
        self.assertEqual(Row("kills", 1).verdict, "passed")
        self.assertEqual(Row("kills", 1, problems=["lost"]).verdict, "FAILED")
        self.assertEqual(Row("kills", 1, skipped="no root").verdict, "skipped")
        self.assertIn("no root", line(Row("kills", 1, skipped="no root")))

    def test_the_table_has_the_command_and_one_line_a_row(self):
        text = markdown([Row("kills", 7, did="a | b", acked=3, server_mib=5.2, server_bound_mib=64)], "python3 x")
        self.assertTrue(text.startswith("`python3 x`\n"))
        self.assertIn("| kills | a \\| b | 3 | 0 | 0 | 0 | 0 | server 5/64 | 0 | 7 | passed |", text)


if __name__ == "__main__":
    unittest.main()
