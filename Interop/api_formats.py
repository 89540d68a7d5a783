"""Values of the formats that `GET /openapi.json` names and a pattern cannot say (docs/protocol/local-api.md), for schemathesis."""

import schemathesis
from hypothesis import strategies as st
from kindred_wire.encodings import base58_encode

# Published: the vectors of BIP39.
PHRASES = ["abandon " * 11 + "about", "legal winner thank year wave sausage worth useful legal winner thank yellow"]

wallets = st.binary(min_size=32, max_size=32).map(base58_encode)
slugs = st.from_regex(r"\A[a-z0-9][a-z0-9-]{0,20}\Z")

schemathesis.openapi.format("kindred-wallet", wallets)
schemathesis.openapi.format("kindred-mesh", st.builds(lambda slug, wallet: f"{slug}@{wallet}", slugs, wallets))
schemathesis.openapi.format("kindred-phrase", st.sampled_from(PHRASES))
schemathesis.openapi.format("kindred-words", st.sampled_from(["one", "two words", '"a phrase" more', "begin*"]))


def within(value: object) -> object:
    """Whole numbers as far as the canonical form has them: lists in `meta` leave open what they hold."""
    most = 2**53 - 1
    if isinstance(value, list):
        return [within(item) for item in value]
    if isinstance(value, dict):
        return {name: within(item) for name, item in value.items()}
    return max(-most, min(most, value)) if isinstance(value, int) and not isinstance(value, bool) else value


def with_meta(body: object) -> object:
    if not isinstance(body, dict):
        return body
    messages = body.get("messages")
    changed = {"messages": [with_meta(message) for message in messages]} if isinstance(messages, list) else {}
    if isinstance(body.get("meta"), dict):
        changed["meta"] = within(body["meta"])
    return body | changed


@schemathesis.hook
def map_body(context: schemathesis.HookContext, body: object) -> object:
    return with_meta(body)
