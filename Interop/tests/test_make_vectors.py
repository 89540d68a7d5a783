"""The files in Vectors/kindred are what the generator writes."""

import pytest

import make_vectors


@pytest.mark.parametrize("name", make_vectors.FILES)
def test_generating_again_gives_the_same_file(name):
    assert (make_vectors.FOLDER / name).read_bytes() == make_vectors.contents(name).encode()


def test_nothing_else_is_in_the_folder():
    assert {path.name for path in make_vectors.FOLDER.iterdir()} == {*make_vectors.FILES, "README.md"}
