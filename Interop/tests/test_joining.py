"""Vectors/kindred/joining.json: what is said while pairing, against docs/protocol/joining.md."""

import json

import pytest
from vectors import named, ours

from kindred_wire import pairing_messages
from kindred_wire.encodings import Refused


@pytest.mark.parametrize("entry", named(ours("joining.json")["messages"]))
def test_a_message_is_read_or_refused(entry):
    message = entry["message"].encode()
    if entry["valid"]:
        assert pairing_messages.decode(message) == json.loads(message)
    else:
        with pytest.raises(Refused):
            pairing_messages.decode(message)
