"""docs/protocol/README.md, "Encodings": JSON, base58 and ULIDs beyond what the vectors ask."""

import pytest
from bip_utils import Base58Decoder, Base58Encoder

from kindred_wire import encodings, fields


@pytest.mark.parametrize("count", range(40))
def test_base58_agrees_with_another_library(count):
    for data in (bytes(count), bytes(count // 2) + bytes(range(count)), b"\xff" * count):
        text = encodings.base58_encode(data)
        assert encodings.base58_decode(text) == data
        if data:
            assert text == Base58Encoder.Encode(data)
            assert Base58Decoder.Decode(text) == data


@pytest.mark.parametrize("text", ["0", "O", "I", "l", " ", "1\n", "\u00e9", "1" * 129])
def test_what_is_not_base58_is_refused(text):
    with pytest.raises(encodings.Refused):
        encodings.base58_decode(text)


def test_a_ulid_holds_its_time_and_its_randomness():
    assert encodings.ulid(0, bytes(10)) == "0" * 26
    assert encodings.ulid(2**48 - 1, b"\xff" * 10) == "7" + "Z" * 25
    assert encodings.ulid(1_469_918_176_385, bytes(10))[:10] == "01ARYZ6S41"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"1e999",
        b"01",
        b"+1",
        b".5",
        b"'a'",
        b"[1,]",
        b'{"a":1,"a":1}',
        b'"\xff"',
    ]
    + [
        b'"\\ud800"',
        b'{"\\udc00":1}',
        b"1 2",
        b"\xef\xbb\xbf1",
        b"[" * 100_000,
        b'"\n"',
        b'"\\x41"',
        b"9007199254740992",
    ],
)
def test_what_is_not_json_or_too_large_is_refused(data):
    with pytest.raises(encodings.Refused):
        encodings.parse_canonical(data)


@pytest.mark.parametrize("data", [b"1.0", b"-0", b"1e2", b' "a"', b'"\\u0061"', b'"\\/"', b'{"b":1,"a":2}', b"1E+2"])
def test_what_is_not_canonical_is_refused(data):
    encodings.parse_json(data)
    with pytest.raises(encodings.Refused):
        encodings.parse_canonical(data)


@pytest.mark.parametrize("name", ["a", "0", "a-", "a" * 63])
def test_slugs_and_device_names_are_allowed(name):
    assert fields.slug(name)
    assert fields.device_name(name)


@pytest.mark.parametrize("name", ["", "-a", "A", "a_b", "a.b", "a" * 64, "a\n", "\u0661", "all", "head", None, 1])
def test_other_device_names_are_refused(name):
    assert not fields.device_name(name)
