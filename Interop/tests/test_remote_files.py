"""Vectors/kindred/remote_files.json against docs/protocol/remote-files.md."""

import base64

import pytest
from vectors import named, ours

from kindred_wire import encodings, remote_files

FILE = ours("remote_files.json")


@pytest.mark.parametrize("entry", named(FILE["inputs"]))
def test_an_input_is_read_or_refused(entry):
    data = entry["input"].encode()
    if entry["valid"]:
        meant = remote_files.read_input(entry["operation"], data)
        assert encodings.canonical(meant).decode() == entry["meant"]
        assert remote_files.read_input(entry["operation"], entry["meant"].encode()) == meant
    else:
        with pytest.raises(encodings.Refused):
            remote_files.read_input(entry["operation"], data)


@pytest.mark.parametrize("entry", named(FILE["answers"]))
def test_an_answer_is_read_or_refused(entry):
    data = entry["answer"].encode()
    if entry["valid"]:
        meant = remote_files.read_answer(entry["form"], data)
        assert encodings.canonical(meant).decode() == entry["meant"]
        assert remote_files.read_answer(entry["form"], entry["meant"].encode()) == meant
    else:
        with pytest.raises(encodings.Refused):
            remote_files.read_answer(entry["form"], data)


def test_every_operation_of_the_page_has_an_input_and_cases():
    operations = {entry["operation"] for entry in FILE["inputs"]}
    assert operations == set(remote_files.INPUTS)


@pytest.mark.parametrize("count,valid", [(1_048_576, True), (1_048_577, False), (1_048_578, False)])
def test_a_piece_has_at_most_a_mebibyte(count, valid):
    form = remote_files.data_of(remote_files.MAX_PIECE)
    assert form(base64.b64encode(bytes(count)).decode()) == valid
