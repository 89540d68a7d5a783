"""Registry records: the minimal, the full, and those that are valid without being canonical."""

from kindred_wire import statements

from . import actors as a


def record_fields(chain, device, **changes) -> dict:
    return {
        "v": 1,
        "name": "laptop",
        "host_pub": device.x25519,
        "signal_url": "wss://kin.example/agent",
        "ts": a.NOW // 1000,
        "machine_id": a.machine("laptop"),
        "version": "0.1.0",
        "chain": chain,
        "revocation_head": a.EMPTY_HEAD,
        "lan": None,
        "capabilities": [],
    } | changes


def record(device=a.LAPTOP, chain=None, **changes) -> dict:
    fields = record_fields(chain or [a.certificate(a.LAPTOP)], device, **changes)
    return statements.signed("record", fields, device.seed)


def runner_record(**changes) -> dict:
    chain = [a.issuer(), a.issued(a.RUNNER, role="machine")]
    about = {"name": "runner", "machine_id": a.machine("runner")}
    return record(a.RUNNER, chain, **(about | changes))


def uncertified_record() -> dict:
    """What the other product publishes."""
    return {name: record()[name] for name in ("v", "name", "host_pub", "signal_url", "ts")}


def records() -> dict[str, tuple[str, str]]:
    """name: (the record's text, its machine_id). The last ones are valid without being canonical."""
    full = record(
        lan=["192.168.1.20:7420", "[fe80::1]:7420", "laptop.local:7420"],
        capabilities=["links", "receipts"],
        version="1.2.3-" + "x" * 26,
        revocation_head=statements.revocation_head([a.revocation()]),
    )
    unknown = record(colour="gr\u00fcn", nested={"list": [1, 2.5, None, True], "\U0001f511": "\u20ac"}, zero=0)
    spaced = a.text(runner_record()).replace('","', '" ,\n\t"')
    reordered = "{" + a.text(record()).removeprefix('{"capabilities":[],').removesuffix("}") + ',"capabilities":[]}'
    laptop, runner = a.machine("laptop"), a.machine("runner")
    return {
        "minimal": (a.text(record()), laptop),
        "every field": (a.text(full), laptop),
        "unknown fields, covered by sig": (a.text(unknown), laptop),
        "issued machine": (a.text(runner_record()), runner),
        "uncertified, without a chain": (a.text(uncertified_record()), laptop),
        "white space between tokens": (spaced, runner),
        "names in another order": (reordered, laptop),
    }
