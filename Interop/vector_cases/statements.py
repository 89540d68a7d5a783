"""Vectors/kindred/statements.json."""

from . import actors as a
from .statements_invalid import invalid
from .statements_valid import revocation_heads, settings_orders, valid


def build() -> dict:
    return {
        "keys": {one.name: {"seed": one.seed.hex(), "public": one.public} for one in a.ALL},
        "x25519": {one.name: {"secret": one.secret.hex(), "public": one.x25519} for one in a.ALL},
        "valid": valid(),
        "invalid": invalid(),
        "revocation_heads": revocation_heads(),
        "settings_orders": settings_orders(),
    }
