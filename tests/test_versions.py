import numpy as np

import skprep
from skprep import versions


def test_every_required_package_is_shown_with_its_version(capsys):
    skprep.show_versions()
    lines = capsys.readouterr().out.splitlines()
    assert f"numpy: {np.__version__}" in lines
    assert not [line for line in lines if "not installed" in line]


def test_the_kernels_are_named(monkeypatch, capsys):
    monkeypatch.setattr(versions, "compiled", ())
    skprep.show_versions()
    assert "kernels: NumPy, on up to" in capsys.readouterr().out
