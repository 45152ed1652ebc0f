import os

import pytest

from skprep.files import whole_file


def test_the_old_file_stays_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with whole_file(path) as new:
        new.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_block_that_fails_leaves_nothing(tmp_path, error):
    path = tmp_path / "a.txt"

    def write():
        with whole_file(path) as new:
            new.write_text("half")
            raise error

    with pytest.raises(error):
        write()
    assert list(tmp_path.iterdir()) == []


def test_permissions_are_those_of_any_new_file(tmp_path):
    (tmp_path / "plain").write_text("")
    with whole_file(tmp_path / "whole") as new:
        new.write_text("")
    assert os.stat(tmp_path / "whole").st_mode == os.stat(tmp_path / "plain").st_mode
