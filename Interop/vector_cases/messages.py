"""Vectors/kindred/messages.json."""

from .messages_invalid import invalid, not_receipts, unopenable
from .messages_other import fingerprints, receipts, successions
from .messages_valid import valid


def build() -> dict:
    return {
        "valid": valid(),
        "invalid": invalid(),
        "unopenable": unopenable(),
        "fingerprints": fingerprints(),
        "receipts": receipts(),
        "not_receipts": not_receipts(),
        "successions": successions(),
    }
