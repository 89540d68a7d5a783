"""What is searched for, in every form in which it could lie somewhere."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass

PHRASE_WINDOW = 4
PHRASE_STEP = 2


@dataclass(frozen=True)
class Needle:
    """One thing. `label` names it without giving it away."""

    kind: str
    label: str
    #: Name of the form and its bytes.
    forms: tuple[tuple[str, bytes], ...]

    def found_in(self, haystack: bytes) -> Iterator[tuple[str, int]]:
        """Each form that is there, with its first offset."""
        for form, data in self.forms:
            if (offset := haystack.find(data)) >= 0:
                yield form, offset


def text_needle(kind: str, label: str, text: str) -> Needle:
    """A text as it is, in hexadecimal and in base64."""
    data = text.encode()
    return Needle(kind, label, (("plain", data), ("hex", data.hex().encode()), *_base64_forms(data)))


def key_needle(kind: str, label: str, key: bytes) -> Needle:
    """A key's bytes, in hexadecimal of either case, and in base64."""
    text = key.hex()
    forms = (("raw", key), ("hex", text.encode()), ("HEX", text.upper().encode()), *_base64_forms(key))
    return Needle(kind, label, forms)


def phrase_needles(kind: str, phrase: str) -> list[Needle]:
    """A few consecutive words from every second on, with each separator one would write between them.

    A single word is no sign of anything: every binary of the product holds the whole list.
    """
    words = phrase.split()
    needles = []
    for start in range(0, len(words) - PHRASE_WINDOW + 1, PHRASE_STEP):
        window = words[start : start + PHRASE_WINDOW]
        forms = tuple(
            (name, separator.join(window).encode())
            for name, separator in (("spaces", " "), ("lines", "\n"), ("JSON", '","'), ("commas", ", "))
        )
        needles.append(Needle(kind, f"words {start + 1} to {start + PHRASE_WINDOW}", forms))
    return needles


def _base64_forms(data: bytes) -> list[tuple[str, bytes]]:
    """The characters that depend on `data` alone, for each place it can have in a longer encoding."""
    forms: dict[bytes, str] = {}
    for lead in range(3):
        padded = b"\0" * lead + data
        whole = len(padded) * 8 // 6
        for name, alphabet in (("base64", b"+/"), ("base64url", b"-_")):
            text = base64.b64encode(padded, alphabet)[-(-lead * 8 // 6) : whole]
            forms.setdefault(text, f"{name} at {lead}")
    return [(name, text) for text, name in forms.items()]
