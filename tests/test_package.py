"""What the package as a whole promises."""

import subprocess
import sys
from importlib.metadata import requires

import skprep


def test_the_public_api_is_what_it_lists():
    assert sorted(skprep.__all__) == list(skprep.__all__)
    for name in skprep.__all__:
        assert getattr(skprep, name).__doc__
        modules = ("scalers", "groups", "backends.merging", "persistence", "versions")
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
        " 'pyspark', 'datasketches'}\n"
        "print(sorted(optional & (set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_extra_of_the_command_line_brings_all_that_it_needs():
    extra = {r.partition(">")[0] for r in requires("skprep") if r.endswith('extra == "cli"')}
    assert extra == {"typer", "rich", "pyarrow", "datasketches"}
