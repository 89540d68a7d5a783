"""What a device is asked of its files, and what it answers (docs/protocol/remote-files.md)."""

import base64
import re

from . import fields as f
from .encodings import Refused, parse_json

MAX_PIECE = 1_048_576
MAX_ENTRIES = 1_000
_MODE = re.compile("[0-7]{3,4}", re.ASCII)


def data_of(most: int):
    """Base64 with padding, in the one spelling that its bytes have, of at most `most` bytes."""

    def check(value):
        if type(value) is not str or len(value) > (most + 2) // 3 * 4:
            return False
        try:
            data = base64.b64decode(value, validate=True)
        except ValueError:
            return False
        return len(data) <= most and base64.b64encode(data).decode() == value

    return check


def mode(value) -> bool:
    return type(value) is str and _MODE.fullmatch(value) is not None


def entry_name(value) -> bool:
    return f.text(1024)(value) and value not in ("", ".", "..") and "/" not in value and "\0" not in value


PATH = {"path": f.text(4096)}
PART = {"part": f.text(64)}
FLAG = f.exactly(True, False)
WRITTEN = {"size": f.integer()}
WRITTEN_MORE = {
    "mode": mode,
    "modified_at": f.integer(-f.MAX_INTEGER),
    "sha256": f.hash32,
    "overwrite": FLAG,
}

# Of each operation behind /fs/: what its input has, what it may have, and what is meant where that is left out.
INPUTS = {
    "stat": (PATH, {"follow": FLAG}, {"follow": True}),
    "list": (PATH, {"after": f.text(1024), "limit": f.integer(1, MAX_ENTRIES)}, {"limit": MAX_ENTRIES}),
    "read": (
        PATH,
        {"offset": f.integer(), "count": f.integer(1, MAX_PIECE)},
        {"offset": 0, "count": MAX_PIECE},
    ),
    "digest": (PATH, {"first": f.integer()}, {}),
    "mkdir": (PATH, {"mode": mode}, {"mode": "0755"}),
    "write": (
        PATH | {"bytes": data_of(MAX_PIECE)},
        {"mode": mode, "overwrite": FLAG},
        {"mode": "0644", "overwrite": False},
    ),
    "part/begin": (
        PATH | WRITTEN,
        WRITTEN_MORE | PART | {"restart": FLAG},
        {"mode": "0644", "overwrite": False, "restart": False},
    ),
    "part/write": (PATH | PART | {"offset": f.integer(), "bytes": data_of(MAX_PIECE)}, {}, {}),
    "part/digest": (PATH | PART | {"first": f.integer()}, {}, {}),
    "part/finish": (PATH | PART | WRITTEN, WRITTEN_MORE, {"mode": "0644", "overwrite": False}),
    "part/discard": (PATH | PART, {}, {}),
}


def read_input(operation: str, data: bytes) -> dict:
    """An input as it is meant: with what it leaves out, and modes in four digits. A member that is not known is refused."""
    value = parse_json(data)
    required, optional, defaults = INPUTS[operation]
    f.require_fields(value, required, optional)
    return _four_digits(defaults | value)


FILE = {
    "kind": f.exactly("file", "folder", "link", "special"),
    "size": f.integer(0, 2**63 - 1),
    "mode": mode,
    "modified_at": f.integer(-(2**63), 2**63 - 1),
    "identity": f.text(64),
    "version": f.text(64),
}
ENTRY = {"name": entry_name} | FILE


def entries(value) -> bool:
    return type(value) is list and len(value) <= MAX_ENTRIES and all(_holds(item, ENTRY) for item in value)


# What each form of an answer has, and what it may have.
ANSWERS = {
    "file": (FILE, {}),
    "folder": ({"entries": entries, "unnameable": f.integer()}, {"next": f.text(1024)}),
    "piece": (FILE | {"bytes": data_of(MAX_PIECE)}, {}),
    "part": ({"part": f.text(64), "offset": f.integer(0, 2**63 - 1)}, {}),
}


def read_answer(form: str, data: bytes) -> dict:
    """What an answer says that is known here; the rest is passed over."""
    value = parse_json(data)
    required, optional = ANSWERS[form]
    known = _known(value, required | optional)
    f.require_fields(known, required, optional)
    if form == "folder":
        known["entries"] = [_four_digits(_known(item, ENTRY)) for item in known["entries"]]
    return _four_digits(known)


def _known(value, fields: dict) -> dict:
    if type(value) is not dict:
        raise Refused("field_invalid", "not an object")
    return {name: item for name, item in value.items() if name in fields}


def _holds(value, fields: dict) -> bool:
    return type(value) is dict and f.having(fields)(_known(value, fields))


def _four_digits(value: dict) -> dict:
    return value | {"mode": value["mode"].zfill(4)} if "mode" in value else value
