import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from skprep.backends.files import open_table, write_table
from skprep.errors import TableError


def rows(n=1000):
    return pd.DataFrame({"a": range(n), "b": [i / 3 for i in range(n)], "t": [f"x{i % 7}" for i in range(n)]})


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_batches_put_together_are_the_file(tmp_path, suffix):
    path = tmp_path / f"rows.{suffix}"
    rows().to_parquet(path, row_group_size=300) if suffix == "parquet" else rows().to_csv(path, index=False)
    table, heard = open_table(path), []
    assert table.schema.names == ["a", "b", "t"]
    assert table.numeric() == ["a", "b"]
    batches = list(table.read(["t", "b"], 128, {}, heard.append))
    assert max(map(len, batches)) <= 128
    together = pa.Table.from_batches(batches).to_pandas()
    pd.testing.assert_frame_equal(together, rows()[["t", "b"]], check_dtype=False)
    assert sum(heard) == table.size == (1000 if suffix == "parquet" else path.stat().st_size)


def test_types_of_a_csv_file_can_be_overruled(tmp_path):
    path = tmp_path / "rows.tsv"
    path.write_text("a\tb\n007\t1\n8\t2.5\n")
    batch = next(open_table(path).read(["a", "b"], 10, {"a": pa.string(), "b": pa.float64()}, lambda n: None))
    assert batch.to_pydict() == {"a": ["007", "8"], "b": [1.0, 2.5]}


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_a_table_is_written_whole_or_not_at_all(tmp_path, suffix):
    path = tmp_path / f"out.{suffix}"
    batch = pa.RecordBatch.from_pandas(rows(5), preserve_index=False)
    with write_table(path, batch.schema) as write:
        write(batch)
        assert not path.exists()
        write(batch)
    found = pd.read_parquet(path) if suffix == "parquet" else pd.read_csv(path)
    pd.testing.assert_frame_equal(found, pd.concat([rows(5)] * 2, ignore_index=True), check_dtype=False)

    def half():
        with write_table(path, batch.schema) as write:
            write(batch)
            raise KeyboardInterrupt

    before = path.read_bytes()
    with pytest.raises(KeyboardInterrupt):
        half()
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_a_file_that_ends_early_is_named(tmp_path):
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"a": list(range(10**5))}), path)
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(TableError, match=r"rows\.parquet' cannot be read as a table"):
        open_table(path)
