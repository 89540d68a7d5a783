"""Vectors/kindred/frames.json."""

from .frames_invalid import invalid
from .frames_valid import valid


def build() -> dict:
    return {"valid": valid(), "invalid": invalid()}
