"""The site names everything that there is, and nothing else."""

import ast
import re
from pathlib import Path

import pytest
import sklearn

import skprep
import skprep.nn

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


def test_every_public_name_is_in_the_reference():
    listed = re.findall(r"^   (\w+)$", (DOCS / "reference" / "index.md").read_text("utf-8"), re.M)
    assert sorted(listed) == sorted([*skprep.__all__, *skprep.nn.__all__])


def test_every_error_class_is_on_the_page_of_errors():
    page = (DOCS / "errors.md").read_text("utf-8")
    bases = {"ValueError", "TypeError", "Exception", "ImportError", "RuntimeError", "UserWarning"}
    found = [
        node.name
        for path in (ROOT / "skprep").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ClassDef) and bases & {getattr(base, "id", "") for base in node.bases}
    ]
    assert len(found) > 5
    assert [name for name in found if f".{name}`" not in page] == []


def test_every_test_that_a_guarantee_names_is_there():
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", (DOCS / "guarantees.md").read_text("utf-8"))
    assert len(named) > 20
    for path, name in named:
        assert name == "" or f"def {name}(" in (ROOT / path).read_text("utf-8"), (path, name)


@pytest.mark.parametrize("page", ["README.md", "docs/index.md"])
def test_pictures_are_there(page):
    for picture in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", (ROOT / page).read_text("utf-8")):
        assert (ROOT / page).parent.joinpath(picture).is_file()


def test_every_notebook_is_on_a_tile():
    source = (DOCS / "make.py").read_text("utf-8")
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        assert f'"{path.stem}"' in source


def test_every_message_on_the_page_of_errors_is_one_that_is_raised():
    page = (DOCS / "errors.md").read_text("utf-8").partition("## Classes")[0]
    quoted = [
        text for line in re.findall(r"^\| (`.*?) \|", page, re.M) for text in re.findall("`([^`]+)`", line)
    ]
    assert len(quoted) > 10
    folders = (ROOT / "skprep", Path(sklearn.__file__).parent / "utils", Path(sklearn.__file__).parent)
    files = [*folders[0].rglob("*.py"), *folders[1].glob("*.py"), *folders[2].glob("*.py")]
    # Literals that are joined, and gaps that are filled, are one text when it is raised.
    source = re.sub(r'"\s*\n\s*f?"', "", "\n".join(path.read_text("utf-8") for path in files))
    own = {"could not convert string to float"}  # said by Python
    assert [text for text in quoted if text not in source and text not in own] == []
