"""What the package as a whole promises."""

import ast
import inspect
import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path
from typing import get_args

import pytest

import skprep
import skprep.nn
from skprep.cli import options
from skprep.compare.candidates import default_scalers
from skprep.export import onnx as converters
from skprep.persistence.writing import PLAIN
from skprep.scalers.base import Scaler

from .cases import CASES, SWITCHES
from .persistence.fitted import plain


def test_the_public_api_is_what_it_lists():
    assert sorted(skprep.__all__) == list(skprep.__all__)
    for name in skprep.__all__:
        assert getattr(skprep, name).__doc__
        modules = ("scalers", "groups", "harmonise", "backends.merging", "export", "persistence", "versions")
        modules += ("compare", "leakage", "drift", "display")
        assert getattr(skprep, name).__module__.startswith(tuple(f"skprep.{m}" for m in modules))


def test_the_layers_are_a_module_of_the_package_that_costs_nothing_until_it_is_used():
    code = "import sys, skprep; assert 'skprep.nn' not in sys.modules; print(skprep.nn.softmax.__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "softmax"


def test_importing_the_package_loads_no_optional_library():
    code = (
        "import sys, pandas, sklearn.preprocessing\n"
        "before = set(sys.modules)\n"
        "import skprep\n"
        "[getattr(skprep, name) for name in skprep.__all__]\n"
        "optional = {'typer', 'rich', 'polars', 'pyarrow', 'matplotlib', 'torch', 'dask', 'duckdb',"
        " 'pyspark', 'datasketches', 'onnx', 'skl2onnx', 'sqlglot'}\n"
        "print(sorted(optional & (set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_extra_of_the_command_line_brings_all_that_it_needs():
    extra = {
        r.partition(";")[0].partition(">")[0] for r in requires("skprep") if r.endswith('extra == "cli"')
    }
    assert extra == {"typer", "rich", "pyarrow", "datasketches", "skprep[plot]"}


def public_functions():
    """Name and function of all that the public API can call."""
    for module in (skprep, skprep.nn):
        for name in module.__all__:
            value = getattr(module, name)
            yield name, value.__init__ if isinstance(value, type) else value
            if isinstance(value, type):
                own = [n for n in dir(value) if not n.startswith("_") and n not in INHERITED]
                found = [(n, inspect.getattr_static(value, n)) for n in own]
                for method, function in found:
                    function = getattr(function, "fn", function)  # of available_if
                    if inspect.isfunction(function) and function.__module__.startswith("skprep"):
                        yield f"{name}.{method}", function


INHERITED = ("set_output", "set_params", "get_params")


@pytest.mark.parametrize(
    ("name", "function"), public_functions(), ids=lambda v: v if isinstance(v, str) else ""
)
def test_the_public_surface_is_annotated(name, function):
    signature = inspect.signature(inspect.unwrap(function))
    bare = [p.name for p in signature.parameters.values() if p.annotation is p.empty and p.name != "self"]
    assert bare == []
    assert signature.return_annotation is not signature.empty


@pytest.mark.parametrize("name", ["transform", "inverse_transform", "partial_fit", "fit"])
def test_methods_say_what_they_raise_and_that_lazy_frames_and_dask_go_in(name):
    for kind in (skprep.StandardScaler, skprep.RobustScaler, skprep.GroupScaler):
        text = inspect.getdoc(inspect.unwrap(getattr(kind, name)))
        assert "Raises\n------" in text
        assert "Dask" in text
        assert "lazy frame" in text


@pytest.mark.parametrize("kind", Scaler.__subclasses__(), ids=lambda k: k.__name__)
def test_a_scaler_is_known_wherever_scalers_are_listed(kind):
    if kind.__module__.startswith("skprep"):
        assert kind.__name__ in skprep.__all__
        assert kind.__name__ in PLAIN
        assert kind.__name__ in options.SCALERS.values()
        assert set(get_args(get_args(options.Scaler)[0])) == {*options.SCALERS, "combat"}
        assert kind in SWITCHES
        assert kind in {type(case.scaler) for case in CASES}
        assert kind in {type(scaler) for _, scaler in plain()}
        assert kind in converters.SCALERS
        assert any(isinstance(s, kind) for s in default_scalers().values())


def test_only_one_module_knows_private_names_of_scikit_learn():
    for path in Path(skprep.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sklearn"):
                names = [*node.module.split("."), *(alias.name for alias in node.names)]
                private = [n for n in names if n.startswith("_")]
                assert not private or path.name == "compat.py", (path, private)


def test_the_command_line_imports_public_names_only():
    for path in (Path(skprep.__file__).parent / "cli").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and "skprep" in (node.module or ""):
                assert not [
                    a.name for a in node.names if a.name.startswith("_") and a.name != "__version__"
                ], path
            if isinstance(node, ast.Attribute) and node.attr.startswith("_"):
                assert node.attr.startswith("__"), (path, node.attr)
