"""The search finds what is there, in each of its forms."""

import base64
import json
import os
import subprocess
import sys
import unittest

import wallet_keys
from family import read_phrase
from memory import read_memory
from needles import key_needle, phrase_needles, text_needle
from search import any_found

VECTOR = json.loads((wallet_keys.WORD_LIST.parent / "wallet-derivation.json").read_text(encoding="utf-8"))


class SearchTests(unittest.TestCase):
    def test_a_key_is_found_raw_in_hex_and_at_every_place_of_a_base64_text(self):
        key = os.urandom(32)
        needle = key_needle("key", "key", key)
        self.assertTrue(list(needle.found_in(b"--" + key + b"--")))
        self.assertTrue(list(needle.found_in(key.hex().encode())))
        self.assertTrue(list(needle.found_in(key.hex().upper().encode())))
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            for lead in range(4):
                for tail in range(4):
                    text = encode(os.urandom(lead) + key + os.urandom(tail))
                    self.assertTrue(list(needle.found_in(text)), (lead, tail))

    def test_other_bytes_are_not_found(self):
        self.assertFalse(list(key_needle("key", "key", os.urandom(32)).found_in(os.urandom(1 << 20))))

    def test_a_part_of_a_phrase_is_found(self):
        words = VECTOR["mnemonic"].split()
        needles = phrase_needles("phrase", VECTOR["mnemonic"])
        for start in range(20):
            part = " ".join(words[start : start + 5]).encode()
            self.assertTrue(any(list(needle.found_in(part)) for needle in needles), start)
        self.assertFalse(any(list(needle.found_in(" ".join(sorted(words)).encode())) for needle in needles))

    def test_a_text_in_the_memory_of_another_process_is_found(self):
        text = "mark" + os.urandom(12).hex()
        # It arrives through a pipe: the argument list would be found even by a search of the command line alone.
        code = "import sys; kept = sys.stdin.readline(); print('ready', flush=True); sys.stdin.readline()"
        with subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as child:
            child.stdin.write(text + "\n")
            child.stdin.flush()
            self.assertEqual(child.stdout.readline(), "ready\n")
            extents = read_memory(child.pid)
            child.stdin.close()
        self.assertTrue(any_found([text_needle("text", "there", text)], extents))
        self.assertFalse(any_found([text_needle("text", "not there", text[::-1])], extents))

    def test_what_follows_from_a_phrase_is_what_the_published_vector_says(self):
        phrase = VECTOR["mnemonic"]
        self.assertEqual(wallet_keys.entropy(phrase).hex(), VECTOR["prf_output"])
        self.assertEqual(wallet_keys.seed(phrase).hex(), VECTOR["seed"])
        self.assertEqual(wallet_keys.wallet_seed(phrase).hex(), VECTOR["wallet_priv"])
        self.assertEqual(wallet_keys.wallet_address(phrase), VECTOR["address"])

    def test_a_phrase_is_read_from_a_line_a_list_and_json(self):
        phrase = VECTOR["mnemonic"]
        numbered = "\n".join(f"{number:2}. {word}" for number, word in enumerate(phrase.split(), start=1))
        for output in (phrase + "\n", numbered, json.dumps({"phrase": phrase})):
            self.assertEqual(read_phrase(output), phrase)


if __name__ == "__main__":
    unittest.main()
