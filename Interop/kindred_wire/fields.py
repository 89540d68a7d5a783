"""The forms a field can have (docs/protocol/README.md, "Encodings"), as predicates, and the exact-fields rule.

A predicate takes a parsed JSON value and answers whether it has the form; it never raises.
"""

import re

from .encodings import MAX_INTEGER, Refused, base58_decode, is_ulid

ROLES = ("guest", "machine", "member", "owner")
PRIORITIES = ("now", "next", "low")
MAX_LIST = 32


def require_fields(value, fields: dict, optional: dict | None = None):
    """`value` is an object with exactly `fields`, perhaps some of `optional`, each of its form."""
    optional = optional or {}
    if type(value) is not dict:
        raise Refused("field_invalid", "not an object")
    for name in fields:
        if name not in value:
            raise Refused("field_missing", name)
    for name, item in value.items():
        form = fields.get(name) or optional.get(name)
        if form is None:
            raise Refused("field_unknown", "a field that is not named")
        if not form(item):
            raise Refused("field_invalid", name)


def integer(least: int = 0, most: int = MAX_INTEGER):
    return lambda value: type(value) is int and least <= value <= most


def exactly(*values):
    return lambda value: any(type(value) is type(one) and value == one for one in values)


def matching(pattern: str):
    form = re.compile(pattern, re.ASCII)
    return lambda value: type(value) is str and form.fullmatch(value) is not None


def hex_of(count: int):
    """Lower-case hex of `count` bytes."""
    return matching(f"[0-9a-f]{{{2 * count}}}")


def text(most_bytes: int):
    return lambda value: type(value) is str and len(value.encode("utf-8")) <= most_bytes


def array_of(form, least: int = 0, most: int = MAX_LIST, unique: bool = False):
    def check(value):
        if type(value) is not list or not least <= len(value) <= most or not all(map(form, value)):
            return False
        return not unique or len(set(value)) == len(value)

    return check


def either(*forms):
    return lambda value: any(form(value) for form in forms)


def having(fields: dict, optional: dict | None = None):
    """An object with exactly these fields."""

    def check(value):
        try:
            require_fields(value, fields, optional)
        except Refused:
            return False
        return True

    return check


def mesh(value) -> bool:
    """`<slug>@<wallet address>`."""
    if type(value) is not str or value.count("@") != 1:
        return False
    name, _, address = value.partition("@")
    return slug(name) and wallet_address(address)


def wallet_address(value) -> bool:
    try:
        return type(value) is str and len(base58_decode(value, max_characters=44)) == 32
    except Refused:
        return False


def device_name(value) -> bool:
    return slug(value) and value not in ("all", "head")


def scope(value) -> bool:
    """A known scope (statements.md, "Certificate"); printable ASCII is U+0020 to U+007E."""
    if type(value) is not str:
        return False
    if value.startswith("topic:"):
        return topic_name(value.removeprefix("topic:"))
    return value in ("send", "issue", "revoke", "bunker:admin") or _call_scope(value)


def null(value) -> bool:
    return value is None


def boolean(value) -> bool:
    return type(value) is bool


def string(value) -> bool:
    return type(value) is str


def any_object(value) -> bool:
    return type(value) is dict


_call_scope = matching(r"call:/[ -~]{0,127}")

time = integer()
ulid = is_ulid
slug = matching("[a-z0-9][a-z0-9-]{0,62}")
machine_id = hex_of(8)
line = hex_of(8)
hash32 = key = hex_of(32)
signature = hex_of(64)
client_message_id = matching("[A-Za-z0-9._:-]{1,64}")
topic_name = matching("[a-z0-9._-]{1,64}")
capability = feature = matching("[a-z0-9_]{1,64}")
role = exactly(*ROLES)
priority = exactly(*PRIORITIES)
scopes = array_of(scope, unique=True)
capabilities = array_of(capability, unique=True)
revocation_head = having({"hash": hash32, "n": integer()})
epoch = having({"counter": integer(), "minter": ulid})
