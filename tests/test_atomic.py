import os
from pathlib import Path

import pytest

from skprep.atomic import atomic_write


def test_the_old_file_stays_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with atomic_write(path) as new:
        new.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_block_that_fails_leaves_nothing(tmp_path, error):
    path = tmp_path / "a.txt"

    def write():
        with atomic_write(path) as new:
            new.write_text("half")
            raise error

    with pytest.raises(error):
        write()
    assert list(tmp_path.iterdir()) == []


def test_permissions_are_those_of_any_new_file(tmp_path):
    (tmp_path / "plain").write_text("")
    with atomic_write(tmp_path / "whole") as new:
        new.write_text("")
    assert os.stat(tmp_path / "whole").st_mode == os.stat(tmp_path / "plain").st_mode


def test_a_link_is_followed_and_an_old_file_lends_its_permissions(tmp_path):
    (tmp_path / "real").write_text("old")
    os.chmod(tmp_path / "real", 0o600)
    os.symlink("real", tmp_path / "link")
    with atomic_write(tmp_path / "link") as new:
        new.write_text("new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"
    assert os.stat(tmp_path / "real").st_mode & 0o777 == 0o600


@pytest.mark.parametrize("kind", ["pipe", "folder", "device", "link to a pipe"])
def test_what_is_no_file_is_refused_and_stays(tmp_path, kind):
    path = tmp_path / "p"
    if kind == "device":
        path = Path("/dev/null")
    elif kind == "folder":
        path.mkdir()
    else:
        os.mkfifo(path)
        if kind != "pipe":
            os.symlink("p", tmp_path / "q")
            path = tmp_path / "q"
    before = os.stat(path).st_mode
    with pytest.raises(OSError, match=f"is a {kind.rpartition(' ')[2]}. Name a file"), atomic_write(path):
        pass
    assert os.stat(path).st_mode == before
    assert not [p for p in tmp_path.iterdir() if p.suffix == ".tmp"]
