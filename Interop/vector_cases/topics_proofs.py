"""Lists of private topics with who signed them, which of several holds, and who may do what."""

from itertools import product

from kindred_wire import topics
from kindred_wire.chain import MAX_AHEAD

from . import actors as a

_PHONE = a.member("phone")
_OWNER = [a.certificate(a.LAPTOP)]
_ROTATED = _OWNER + a.rotations(2)
_MEMBER = [a.issuer(), a.issued(a.PHONE)]
_BY_PHONE = {"creator": _PHONE, "member": _PHONE}
_ISSUED_AT = a.NOW - 30 * a.DAY


def proofs() -> list[dict]:
    """At `now` in `mesh`; `why` is the fault of one that is not believed, null where it is."""
    return [
        {
            "name": name,
            "mesh": mesh,
            "now": a.NOW,
            "proof": a.text({"list": told, "signer": signer}),
            "why": why,
        }
        for name, told, signer, mesh, why in _cases()
    ]


def _cases():
    yield "by its creator, an owner", a.topic(), _OWNER, a.MESH, None
    yield "by its creator, a member", a.topic(a.PHONE, **_BY_PHONE), _MEMBER, a.MESH, None
    yield "by an owner after a member", a.topic(creator=_PHONE, seq=2), _OWNER, a.MESH, None
    yield "by the key in force", a.topic(a.LAPTOPS[2]), _ROTATED, a.MESH, None
    yield "of nobody", a.topic(members=[]), _OWNER, a.MESH, None
    yield "5 minutes ahead", a.topic(at=a.NOW + MAX_AHEAD), _OWNER, a.MESH, None
    yield "as old as its signer's certificate", a.topic(at=_ISSUED_AT), _OWNER, a.MESH, None
    other = [a.certificate(a.LAPTOP, mesh=a.OTHER_MESH)]
    yield "in another mesh", a.topic(mesh=a.OTHER_MESH), other, a.OTHER_MESH, None
    yield "of another mesh", a.topic(mesh=a.OTHER_MESH), _OWNER, a.MESH, "wrong_mesh"
    yield "told in another mesh", a.topic(), _OWNER, a.OTHER_MESH, "wrong_mesh"
    yield "with another member's chain", a.topic(), _MEMBER, a.MESH, "signer_invalid"
    yield "with a chain of another mesh", a.topic(), other, a.MESH, "signer_invalid"
    foreign = [a.certificate(a.LAPTOP, a.OTHER_WALLET)]
    yield "with a chain of another wallet", a.topic(), foreign, a.MESH, "signer_invalid"
    ended = [a.certificate(a.LAPTOP, expires_at=a.NOW)]
    yield "with a certificate that has ended", a.topic(), ended, a.MESH, "signer_invalid"
    yield "by a member after another", a.topic(a.PHONE, member=_PHONE), _MEMBER, a.MESH, "not_entitled"
    machine = [a.issuer(), a.issued(a.PHONE, role="machine", scopes=["topic:build._-9"])]
    yield "by a machine after another", a.topic(a.PHONE, member=_PHONE), machine, a.MESH, "not_entitled"
    yield "beyond 5 minutes ahead", a.topic(at=a.NOW + MAX_AHEAD + 1), _OWNER, a.MESH, "wrong_time"
    yield "older than its signer's certificate", a.topic(at=_ISSUED_AT - 1), _OWNER, a.MESH, "wrong_time"
    yield "signed by another key", a.topic(a.STRANGER), _OWNER, a.MESH, "bad_signature"
    yield "signed by the wallet", a.topic(a.WALLET), _OWNER, a.MESH, "bad_signature"
    yield "signed by a key that was rotated away", a.topic(a.LAPTOP), _ROTATED, a.MESH, "bad_signature"
    yield "changed after it was signed", a.topic() | {"members": []}, _OWNER, a.MESH, "bad_signature"
    renamed = a.topic() | {"topic": "other"}
    yield "lent to another topic", renamed, _OWNER, a.MESH, "bad_signature"


def orders() -> list[dict]:
    """Groups of lists of one creator, each with the one that holds."""
    named = [[], [a.member("laptop")], [_PHONE]]
    groups = {
        "by number": [a.topic(seq=n, at=a.NOW - n * a.MINUTE) for n in (1, 3, 2)],
        "by time": [a.topic(seq=4, at=a.NOW - n * a.MINUTE) for n in (2, 1, 3)],
        "by canonical JSON": [a.topic(seq=4, members=members) for members in named],
        "by number though 10 follows 9": [a.topic(seq=n) for n in (9, 10)],
    }
    return [
        {"name": name, "lists": [a.text(value) for value in group], "holds": a.text(topics.newest_list(group))}
        for name, group in groups.items()
    ]


_SCOPES = [
    [],
    ["send"],
    ["topic:build"],
    ["topic:all"],
    ["send", "topic:builds", "call:/x"],
    ["topic:build", "topic:all"],
]


def rights() -> list[dict]:
    """`list`: null without one, else whether the bearer stands on it."""
    found = []
    for role, scopes, topic, on_list in product(
        ("owner", "member", "machine", "guest"), _SCOPES, ("all", "build", "builds"), (None, True, False)
    ):
        certificate = a.certificate_fields(a.PHONE, role=role, scopes=scopes)
        members = None if on_list is None else [_PHONE] if on_list else [a.member("laptop")]
        allowed = topics.allow(certificate, topic, members)
        found.append({"role": role, "scopes": scopes, "topic": topic, "list": on_list, "allowed": allowed})
    return found


def settings() -> list[dict]:
    """Who may sign the next list: whoever made the topic, or an owner."""
    return [
        {
            "role": role,
            "creator": is_creator,
            "allowed": topics.allow_setting(
                a.certificate_fields(a.PHONE, role=role),
                a.topic_fields(creator=_PHONE if is_creator else a.member("laptop")),
            ),
        }
        for role, is_creator in product(("owner", "member", "machine", "guest"), (True, False))
    ]
