"""JSON, base58 and ULID as docs/protocol/README.md, "Encodings", has them.

Sources: RFC 8785 (canonical JSON), RFC 8259 (JSON), the Bitcoin base58 alphabet, the ULID specification.
"""

import json
import re

import rfc8785

MAX_INTEGER = 2**53 - 1

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_NESTING = 64


class Refused(ValueError):
    """Bytes that the contract does not allow. `code` is a short name, the text says what was wrong."""

    def __init__(self, code: str, message: str):
        super().__init__(f"{code}: {message}")
        self.code = code


def canonical(value) -> bytes:
    """The RFC 8785 form of a JSON value; refuses integers beyond 2^53 - 1 and lone surrogates."""
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError) as error:
        raise Refused("json_not_canonical", str(error)) from error


def parse_json(data: bytes):
    """Any valid JSON without duplicate names, invalid UTF-8 or lone surrogates."""
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_object, parse_constant=_constant)
    except Refused:
        raise
    except (ValueError, RecursionError) as error:
        raise Refused("json_invalid", str(error)) from error
    _require_scalars(value, _NESTING)
    return value


def parse_canonical(data: bytes):
    """A JSON value whose bytes are its own canonical form."""
    value = parse_json(data)
    if canonical(value) != data:
        raise Refused("json_not_canonical", "the bytes differ from their canonical form")
    return value


def _object(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Refused("json_duplicate_name", "an object has one name twice")
    return members


def _constant(name):
    raise Refused("json_invalid", f"{name} is not JSON")


def _require_scalars(value, levels):
    """Refuses lone surrogates, which Python's strings can hold and UTF-8 cannot, and bottomless nesting."""
    if levels == 0:
        raise Refused("json_invalid", "nested too deeply")
    if isinstance(value, str):
        if any(0xD800 <= ord(character) <= 0xDFFF for character in value):
            raise Refused("json_invalid", "a lone surrogate")
    elif isinstance(value, list):
        for item in value:
            _require_scalars(item, levels - 1)
    elif isinstance(value, dict):
        for name, item in value.items():
            _require_scalars(name, levels - 1)
            _require_scalars(item, levels - 1)


def base58_encode(data: bytes) -> str:
    number = int.from_bytes(data, "big")
    digits = ""
    while number:
        number, digit = divmod(number, 58)
        digits = _BASE58[digit] + digits
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + digits


def base58_decode(text: str, max_characters: int = 128) -> bytes:
    if len(text) > max_characters or any(character not in _BASE58 for character in text):
        raise Refused("base58_invalid", "not base58")
    number = 0
    for character in text:
        number = number * 58 + _BASE58.index(character)
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def is_ulid(text) -> bool:
    return isinstance(text, str) and _ULID.fullmatch(text) is not None


def ulid(milliseconds: int, randomness: bytes) -> str:
    """26 characters of Crockford base32: 48 bits of time, 80 bits of randomness."""
    number = milliseconds << 80 | int.from_bytes(randomness[:10], "big")
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))
