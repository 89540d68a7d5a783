"""Where the vectors are, and how a test takes them one by one."""

import json
from pathlib import Path

import pytest

VECTORS = Path(__file__).resolve().parents[2] / "Vectors"


def ours(name: str):
    return json.loads((VECTORS / "kindred" / name).read_text(encoding="utf-8"))


def published(name: str):
    return json.loads((VECTORS / "published" / name).read_text(encoding="utf-8"))


def named(entries: list[dict]):
    """Parameters whose test ids are the entries' names."""
    return [pytest.param(entry, id=entry["name"]) for entry in entries]
