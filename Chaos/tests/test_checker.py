"""The checker notices each way in which a promise can be broken, and nothing else."""

import unittest

from checker import Findings, check
from inboxes import Received
from ledger import Posting

MEMBERS = {"laptop": "M1", "studio": "M2"}


def posting(number: int, thread: int = 1, priority: str = "next") -> Posting:
    return Posting(f"c{thread}-{number}", thread, number, "laptop", "studio", priority, f"body {number}")


def received(row: int, what: Posting, **changes: object) -> Received:
    facts: dict = {
        "id": row, "client_message_id": what.id, "sender": "laptop", "sender_member": "M1",
        "priority": what.priority, "body": what.body, "received_at": 0,
    }
    return Received(**{**facts, **changes})


def findings(postings: list[Posting], studio: list[Received], laptop: list[Received] | None = None) -> Findings:
    posted = {item.id: item for item in postings}
    return check(posted, set(posted), {"studio": studio, "laptop": laptop or []}, MEMBERS)


def counts(found: Findings) -> dict[str, int]:
    return {name: len(texts) for name, texts in vars(found).items() if texts}


class CheckerTests(unittest.TestCase):
    def test_everything_once_and_in_order_is_fine(self):
        one, two, other = posting(1), posting(2), posting(1, thread=2)
        inbox = [received(1, one), received(2, other), received(3, two)]
        self.assertEqual(counts(findings([one, two, other], inbox)), {})

    def test_an_acknowledged_message_that_is_nowhere_is_missing(self):
        one, two = posting(1), posting(2)
        self.assertEqual(counts(findings([one, two], [received(2, two)])), {"missing": 1})

    def test_an_unacknowledged_message_may_be_there_or_not(self):
        one = posting(1)
        for inbox in ([], [received(1, one)]):
            self.assertEqual(counts(check({one.id: one}, set(), {"studio": inbox}, MEMBERS)), {})

    def test_a_second_row_is_a_repeat(self):
        one = posting(1)
        self.assertEqual(counts(findings([one], [received(1, one), received(2, one)])), {"repeated": 1})

    def test_what_was_never_posted_is_unknown(self):
        self.assertEqual(counts(findings([], [received(1, posting(1))])), {"unknown": 1})

    def test_a_message_in_another_inbox_is_misplaced_and_missing(self):
        one = posting(1)
        self.assertEqual(counts(findings([one], [], [received(1, one)])), {"misplaced": 1, "missing": 1})

    def test_a_changed_fact_is_an_alteration(self):
        one = posting(1)
        for change in ({"body": "else"}, {"sender": "studio"}, {"sender_member": "M2"}, {"priority": "low"}):
            self.assertEqual(counts(findings([one], [received(1, one, **change)])), {"altered": 1}, change)

    def test_within_a_lane_the_order_of_acceptance_holds(self):
        one, two = posting(1), posting(2)
        self.assertEqual(counts(findings([one, two], [received(1, two), received(2, one)])), {"out_of_order": 1})

    def test_between_priorities_no_order_is_promised(self):
        one, two = posting(1, priority="low"), posting(2, priority="now")
        self.assertEqual(counts(findings([one, two], [received(1, two), received(2, one)])), {})

    def test_rows_that_fall_are_out_of_order(self):
        one, two = posting(1), posting(2, priority="low")
        self.assertEqual(counts(findings([one, two], [received(2, one), received(1, two)])), {"out_of_order": 1})

    def test_merging_adds_only_what_is_new(self):
        both = Findings(missing=["a"])
        both.merge(Findings(missing=["a", "b"]))
        self.assertEqual(both.missing, ["a", "b"])


if __name__ == "__main__":
    unittest.main()
