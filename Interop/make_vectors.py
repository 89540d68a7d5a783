"""Writes Vectors/kindred: python make_vectors.py. The same bytes every time."""

import json
from pathlib import Path

from vector_cases import (
    chains,
    files,
    frames,
    joining,
    links,
    messages,
    noise,
    registry,
    remote_files,
    statements,
    tokens,
    topics,
    vault,
)

FOLDER = Path(__file__).resolve().parent.parent / "Vectors" / "kindred"
FILES = {
    "statements.json": statements.build,
    "chains.json": chains.build,
    "frames.json": frames.build,
    "messages.json": messages.build,
    "registry.json": registry.build,
    "vault.json": vault.build,
    "tokens.json": tokens.build,
    "joining.json": joining.build,
    "files.json": files.build,
    "topics.json": topics.build,
    "noise.json": noise.build,
    "links.json": links.build,
    "remote_files.json": remote_files.build,
}


def contents(name: str) -> str:
    return json.dumps(FILES[name](), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        (FOLDER / name).write_text(contents(name), encoding="utf-8")
