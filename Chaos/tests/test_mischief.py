"""Mischief follows from its seed, and does to each kind of frame only what may happen to it."""

import unittest
from collections import Counter

import websocket
from mischief import Mischief, kind_of


def fates(kind: str, count: int = 5000, seed: str = "s") -> list:
    mischief = Mischief(seed, Counter())
    return [mischief.fate(kind) for _ in range(count)]


class MischiefTests(unittest.TestCase):
    def test_the_seed_decides(self):
        self.assertEqual(fates("ack"), fates("ack"))
        self.assertNotEqual(fates("ack"), fates("ack", seed="t"))

    def test_answers_are_dropped_repeated_held_and_delayed(self):
        for kind in ("ack", "nack", "client_ack"):
            seen = fates(kind)
            self.assertTrue(any(fate.copies == 0 and not fate.cut for fate in seen), kind)
            self.assertTrue(any(fate.copies == 2 for fate in seen), kind)
            self.assertTrue(any(fate.is_held for fate in seen), kind)
            self.assertTrue(any(fate.delay for fate in seen), kind)
            self.assertTrue(any(fate.cut for fate in seen), kind)

    def test_sends_and_pushes_never_overtake_and_are_lost_only_with_their_connection(self):
        for kind in ("send", "push"):
            seen = fates(kind)
            self.assertFalse(any(fate.is_held or (fate.copies == 0 and not fate.cut) for fate in seen), kind)
            self.assertTrue(any(fate.copies == 2 for fate in seen), kind)

    def test_other_frames_are_never_repeated(self):
        for kind in ("hello", "ready", ""):
            self.assertTrue(all(fate.copies <= 1 and not fate.is_held for fate in fates(kind)), kind)

    def test_deeds_are_counted(self):
        deeds: Counter[str] = Counter()
        mischief = Mischief("s", deeds)
        dropped = sum(mischief.fate("ack").copies == 0 for _ in range(2000))
        self.assertEqual(dropped, deeds["ack dropped"] + deeds["connection cut"])

    def test_the_kind_is_read_from_the_header(self):
        payload = b"\x00\x00\x00\x0e" + b'{"type":"ack"}' + b"body"
        self.assertEqual(kind_of(websocket.Frame(websocket.BINARY, payload, b"")), "ack")
        for odd in (b"", b"\x00\x00\x00\x02[]", b"\xff\xff\xff\xff{"):
            self.assertEqual(kind_of(websocket.Frame(websocket.BINARY, odd, b"")), "")


if __name__ == "__main__":
    unittest.main()
