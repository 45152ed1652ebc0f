"""What the package as a whole promises."""

import subprocess
import sys

import skprep


def test_the_shop_window_shows_what_it_lists():
    assert sorted(skprep.__all__) == list(skprep.__all__)
    for name in skprep.__all__:
        assert getattr(skprep, name).__doc__
        rooms = ("skprep.scalers.", "skprep.persistence.", "skprep.versions")
        assert getattr(skprep, name).__module__.startswith(rooms)


def test_importing_the_package_loads_no_optional_library():
    code = (
        "import sys, pandas, sklearn.preprocessing\n"
        "before = set(sys.modules)\n"
        "import skprep\n"
        "optional = {'typer', 'rich', 'polars', 'pyarrow', 'matplotlib', 'torch', 'dask', 'duckdb',"
        " 'pyspark', 'datasketches'}\n"
        "print(sorted(optional & (set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
