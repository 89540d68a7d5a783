"""Every statement, valid, at its smallest and its largest."""

import hashlib

from kindred_wire import encodings, keys
from kindred_wire import statements as s

from . import actors as a
from . import messages_valid, registry_valid

MAX = encodings.MAX_INTEGER
LONG_MESH = "0" + "-" * 61 + "z@" + a.address(a.WALLET)
EVERY_SCOPE = ["send", "issue", "revoke", "bunker:admin", "topic:" + "a._-9" * 12 + "zzzz", "call:/" + "x" * 127]


def sized_certificate(size: int) -> dict:
    """A certificate of exactly `size` bytes, by the length of its call scopes."""
    scopes = [f"call:/{number:02}" + "x" * 100 for number in range(31)]
    missing = size - len(encodings.canonical(a.certificate(a.LAPTOP, scopes=scopes)))
    for number in range(31):
        more = min(25, missing)
        scopes[number] += "x" * more
        missing -= more
    return a.certificate(a.LAPTOP, scopes=scopes)


def certificates():
    yield "owner by the wallet", a.certificate(a.LAPTOP), a.WALLET
    yield "member by an issuer", a.issued(a.PHONE, scopes=["send", "topic:build", "call:/files/*"]), a.ISSUER
    yield "guest", a.issued(a.VISITOR, role="guest", expires_at=a.NOW + a.DAY), a.ISSUER
    yield "machine", a.issued(a.RUNNER, role="machine"), a.ISSUER
    yield "every scope", a.certificate(a.PHONE, scopes=EVERY_SCOPE), a.WALLET
    yield "32 scopes", a.certificate(a.PHONE, scopes=[f"topic:t{number}" for number in range(32)]), a.WALLET
    yield "call scope that needs escaping", a.certificate(a.PHONE, scopes=['call:/a"b\\c']), a.WALLET
    yield "largest times, longest slug", a.certificate(a.PHONE, mesh=LONG_MESH, issued_at=MAX, expires_at=MAX), a.WALLET
    yield "zero times", a.certificate(a.PHONE, issued_at=0, expires_at=0), a.WALLET
    yield "largest ULID", a.certificate(a.PHONE, member="7" + "Z" * 25), a.WALLET
    yield "4,096 bytes", sized_certificate(s.MAX_BYTES), a.WALLET


def issuers():
    yield "without expiry", a.issuer()
    yield "with expiry", a.issuer(max_role="guest", scopes=["issue"], expires_at=a.NOW + a.DAY)
    yield "without powers", a.issuer(max_role="machine", scopes=[])
    yield "may make owners", a.issuer(max_role="owner", scopes=["revoke", "issue"], not_before=0, expires_at=MAX)


def revocations():
    first = a.revocation()
    by_issuer = {"author": a.member("laptop"), "target": a.member("runner")}
    yield "first by the wallet", first, a.WALLET
    yield "second by the wallet", a.revocation(seq=2, prev=s.sha256(first), target=a.member("phone")), a.WALLET
    yield "by an issuer", a.revocation(a.ISSUER, **by_issuer), a.ISSUER
    yield (
        "keeping 32",
        a.revocation(target=a.member("laptop"), keep=[a.digest_hex(f"keep/{n}") for n in range(32)]),
        a.WALLET,
    )
    yield "reason empty", a.revocation(reason=""), a.WALLET
    yield "reason of 200 bytes", a.revocation(reason="\u00e9\u20ac\U0001f511" * 22 + "xx"), a.WALLET
    yield "reason with escapes", a.revocation(reason='"\\/\b\f\n\r\t\0\x1f\x7f\u2028'), a.WALLET
    yield "largest numbers", a.revocation(seq=MAX, prev="00" * 32, cutoff=MAX, at=MAX), a.WALLET


def settings():
    for policy in ("prefer_newest", "prefer_oldest", "allow_concurrent"):
        yield policy, a.settings(concurrent_policy=policy), a.LAPTOP
    yield "by the laptop, rotated", a.settings(a.LAPTOPS[2], seq=2), a.LAPTOPS[2]
    yield "of another mesh of the wallet", a.settings(mesh=a.OTHER_MESH), a.LAPTOP
    yield "largest numbers", a.settings(seq=MAX, at=MAX), a.LAPTOP


def topics():
    many = [encodings.ulid(n, a.digest(f"named/{n}")) for n in range(119)]
    by_phone = {"creator": a.member("phone"), "member": a.member("phone")}
    yield "by its creator", a.topic(), a.LAPTOP
    yield "by an owner after its creator", a.topic(creator=a.member("phone"), seq=2), a.LAPTOP
    yield "by its creator, no owner", a.topic(a.PHONE, **by_phone), a.PHONE
    yield "of nobody", a.topic(members=[]), a.LAPTOP
    yield "of 119, longest name", a.topic(topic="z" * 64, members=many), a.LAPTOP
    yield "rotated", a.topic(a.LAPTOPS[2], seq=3), a.LAPTOPS[2]
    yield "of another mesh of the wallet", a.topic(mesh=a.OTHER_MESH), a.LAPTOP
    yield "largest numbers", a.topic(seq=MAX, at=MAX), a.LAPTOP


def hellos():
    one, issued = [a.certificate(a.LAPTOP)], [a.issuer(), a.issued(a.PHONE)]
    head = s.revocation_head([a.revocation()])
    yield "https", a.hello_fields(one), a.LAPTOP
    yield "loopback with a port", a.hello_fields(one, origin="http://127.0.0.1:7420", capabilities=[]), a.LAPTOP
    yield "IPv6", a.hello_fields(one, origin="https://[::1]:8443", capabilities=["a", "z_9", "b"]), a.LAPTOP
    yield "issued, with revocations", a.hello_fields(issued, revocation_head=head), a.PHONE
    yield "rotated", a.hello_fields(one + a.rotations(2)), a.LAPTOPS[2]


def entry(kind: str, name: str, value: dict, signer: a.Actor, domain: str | None = None) -> dict:
    signature = value.get("sig") or keys.sign(signer.seed, s.domain(kind), s.unsigned(value)).hex()
    return _entry(kind, name, value, domain or kind) | {"signer": signer.name, "signature": signature}


def rotation_entry(name: str, value: dict, old: a.Actor, new: a.Actor) -> dict:
    signers = {"signer_old": old.name, "signer_new": new.name}
    signatures = {"signature_old": value["sig_old"], "signature_new": value["sig_new"]}
    return _entry("rotation", name, value, "rotation") | signers | signatures


def succession_entry(name: str, value: dict, speaker: a.Actor) -> dict:
    signers = {"signer_old": a.WALLET.name, "signer_new": a.OTHER_WALLET.name, "signer_member": speaker.name}
    signatures = {f"signature_{which}": value[f"sig_{which}"] for which in ("old", "new", "member")}
    return _entry("succession", name, value, "succession") | signers | signatures


def _entry(kind, name, value, domain):
    data = encodings.canonical(value)
    return {
        "name": f"{kind}: {name}",
        "kind": kind,
        "domain": s.domain(domain),
        "canonical": data.decode(),
        "unsigned": s.unsigned(value).decode(),
        "sha256": hashlib.sha256(data).hexdigest(),
    }


def valid() -> list[dict]:
    entries = [entry("certificate", *case) for case in certificates()]
    entries += [entry("issuer", *case, a.WALLET) for case in issuers()]
    entries += [rotation_entry(f"number {n}", a.rotation(n), a.LAPTOPS[n - 1], a.LAPTOPS[n]) for n in (1, 2, 6)]
    far = s.signed_rotation(a.rotation_fields(1, seq=MAX, at=MAX), a.LAPTOP.seed, a.LAPTOPS[1].seed)
    entries.append(rotation_entry("largest numbers", far, a.LAPTOP, a.LAPTOPS[1]))
    entries.append(succession_entry("by the laptop", a.succession(), a.LAPTOP))
    entries.append(succession_entry("by the laptop, rotated", a.succession(a.LAPTOPS[2]), a.LAPTOPS[2]))
    entries.append(succession_entry("largest time", a.succession(at=MAX), a.LAPTOP))
    entries += [entry("revocation", *case) for case in revocations()]
    entries += [entry("settings", *case) for case in settings()]
    entries += [entry("topic", *case) for case in topics()]
    entries += [entry("hello", *case) for case in hellos()]
    for name, (text, _) in registry_valid.records().items():
        value = encodings.parse_json(text.encode())
        if "sig" in value and a.text(value) == text:
            entries.append(entry("record", name, value, a.RUNNER if value["name"] == "runner" else a.LAPTOP))
    message = encodings.parse_json(messages_valid.receipt().encode())
    entries.append(entry("receipt", "a message of the receipt type", message, a.LAPTOP, "message"))
    return entries


def settings_orders() -> list[dict]:
    """Groups of settings, each with the one that holds."""
    policies = ("prefer_newest", "prefer_oldest", "allow_concurrent")
    groups = {
        "by number": [a.settings(seq=n, at=a.NOW - n * a.MINUTE) for n in (1, 3, 2)],
        "by time": [a.settings(seq=4, at=a.NOW - n * a.MINUTE) for n in (2, 1, 3)],
        "by hash": [a.settings(seq=4, concurrent_policy=policy) for policy in policies],
    }
    return [
        {"name": name, "settings": [a.text(value) for value in group], "holds": a.text(s.newest_settings(group))}
        for name, group in groups.items()
    ]


def revocation_heads() -> list[dict]:
    entries = [value for _, value, _ in revocations()]
    return [
        {"entries": [a.text(value) for value in chosen], "head": s.revocation_head(chosen)}
        for chosen in ([], entries[:1], entries[:3], entries[2::-1], entries)
    ]
