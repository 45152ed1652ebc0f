"""What the guide shows and doctest cannot run."""

import re
from pathlib import Path

import pytest

from skprep import GroupScaler, StandardScaler

GUIDE = Path(__file__).parent.parent / "docs" / "guide"


def test_the_lines_for_spark(spark, capsys):
    block = next(
        b
        for b in re.findall(r"```python\n(.*?)```", (GUIDE / "where.md").read_text("utf-8"), re.S)
        if "pyspark" in b
    )
    exec(block, {"GroupScaler": GroupScaler, "StandardScaler": StandardScaler})
    shown = capsys.readouterr().out
    rows = [line.split("|")[1:3] for line in shown.splitlines() if line.startswith("|")][1:]
    assert sorted((device.strip(), float(hu)) for device, hu in rows) == [
        ("a", -1.0),
        ("a", 1.0),
        ("b", -1.0),
        ("b", 1.0),
    ]


@pytest.mark.parametrize("command", ["compare", "audit", "fit", "transform", "drift"])
def test_every_command_is_shown(command):
    assert any(f"skprep {command} " in page.read_text("utf-8") for page in GUIDE.glob("*.md"))
