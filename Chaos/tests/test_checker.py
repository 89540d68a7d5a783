"""The checker, run as the program it is, notices each way in which a promise can be broken, and nothing else."""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

CHECKER = Path(__file__).resolve().parent.parent / "checker.py"
COUNTS = ("lost", "twice", "out_of_order", "stranger", "misplaced", "altered", "undead")


def posting(number: int, thread: int = 1, **changes: object) -> dict:
    return {
        "id": f"c{thread}-{number}", "thread": thread, "number": number, "sender": "laptop", "sender_member": "M1",
        "to": "studio", "priority": "next", "body": f"body {number} äöü", "acked": True,
    } | changes


def received(row: int, what: dict, **changes: object) -> dict:
    return {
        "id": row, "client_message_id": what["id"], "sender": "laptop", "sender_member": "M1",
        "priority": what["priority"], "body": what["body"],
    } | changes


def write(path: Path, items: list[dict]) -> None:
    path.write_text("".join(json.dumps(item) + "\n" for item in items), encoding="utf-8")


class CheckerTests(unittest.TestCase):
    def judge(self, postings: list[dict], studio: list[dict], laptop: list[dict] | None = None) -> tuple[int, dict]:
        """Exit code, and the counts that are not zero."""
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder) / "posted.jsonl", postings)
            write(Path(folder) / "inbox-studio.jsonl", studio)
            write(Path(folder) / "inbox-laptop.jsonl", laptop or [])
            done = subprocess.run([sys.executable, CHECKER, folder], capture_output=True, text=True, check=False)
        report = json.loads(done.stdout)
        return done.returncode, {name: report[name] for name in COUNTS if report[name]}

    def assert_kept(self, postings: list[dict], studio: list[dict]) -> None:
        self.assertEqual(self.judge(postings, studio), (0, {}))

    def assert_broken(self, counts: dict, postings: list[dict], studio: list[dict], laptop=None) -> None:
        self.assertEqual(self.judge(postings, studio, laptop), (1, counts))

    def test_everything_once_and_in_order_is_fine(self):
        one, two, other = posting(1), posting(2), posting(1, thread=2)
        self.assert_kept([one, two, other], [received(1, one), received(2, other), received(3, two)])

    def test_an_acknowledged_message_that_is_nowhere_is_lost(self):
        one, two = posting(1), posting(2)
        self.assert_broken({"lost": 1}, [one, two], [received(2, two)])

    def test_an_unacknowledged_message_may_be_there_or_not(self):
        sure, open_end = posting(1), posting(2, acked=False)
        self.assert_kept([sure, open_end], [received(1, sure)])
        self.assert_kept([sure, open_end], [received(1, sure), received(2, open_end)])

    def test_a_second_row_is_twice(self):
        one = posting(1)
        self.assert_broken({"twice": 1}, [one], [received(1, one), received(2, one)])

    def test_what_was_never_posted_is_a_stranger(self):
        one = posting(1)
        self.assert_broken({"stranger": 1}, [one], [received(1, one), received(2, posting(9))])

    def test_a_message_in_another_inbox_is_misplaced_and_lost(self):
        one = posting(1)
        self.assert_broken({"misplaced": 1, "lost": 1}, [one], [], [received(1, one)])

    def test_another_body_sender_or_priority_is_an_alteration(self):
        one = posting(1)
        for change in ({"body": "else"}, {"sender": "studio"}, {"sender_member": "M2"}, {"priority": "low"}):
            with self.subTest(change):
                self.assert_broken({"altered": 1}, [one], [received(1, one, **change)])

    def test_within_a_lane_the_order_of_acceptance_holds(self):
        one, two = posting(1), posting(2)
        self.assert_broken({"out_of_order": 1}, [one, two], [received(1, two), received(2, one)])

    def test_between_priorities_no_order_is_promised(self):
        one, two = posting(1, priority="low"), posting(2, priority="now")
        self.assert_kept([one, two], [received(1, two), received(2, one)])

    def test_rows_that_fall_are_out_of_order(self):
        one, two = posting(1), posting(2, priority="low")
        self.assert_broken({"out_of_order": 1}, [one, two], [received(2, one), received(1, two)])

    def test_a_message_said_to_be_dead_is_not_lost_but_must_not_come(self):
        sure, dead = posting(1), posting(2, dead=True)
        self.assert_kept([sure, dead], [received(1, sure)])
        self.assert_broken({"undead": 1}, [sure, dead], [received(1, sure), received(2, dead)])

    def test_where_nothing_was_acknowledged_nothing_was_tested(self):
        self.assertEqual(self.judge([posting(1, acked=False)], []), (1, {}))

    def test_damaged_evidence_is_no_verdict(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "posted.jsonl"
            for content in (None, "{\n", json.dumps(posting(1)) + "\n"):
                if content is not None:
                    path.write_text(content, encoding="utf-8")
                done = subprocess.run([sys.executable, CHECKER, folder], capture_output=True, check=False)
                self.assertEqual(done.returncode, 2, content)


if __name__ == "__main__":
    unittest.main()
