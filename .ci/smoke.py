"""What an installed wheel must do, in an environment of its own: ``smoke.py compiled | NumPy | alone``."""

import json
import sys

import numpy as np

kind = sys.argv[1]
rng = np.random.default_rng(0)
X = rng.normal(1e6, 1.0, (999, 5))
codes = rng.integers(0, 7, 999).astype(np.intp)

import skprep  # noqa: E402

assert "site-packages" in skprep.__file__, skprep.__file__

# Layers and softmax, in NumPy alone.
from skprep.nn import LayerNorm, Linear, Sequential, softmax  # noqa: E402

network = Sequential(Linear(5, 4, random_state=rng), LayerNorm(4))
np.testing.assert_allclose(network(X).mean(axis=1), 0.0, atol=1e-12)
np.testing.assert_allclose(softmax(X).sum(axis=1), 1.0, rtol=1e-15)

# The kernels, beside their definitions.
from skprep.kernels import dispatch, reference  # noqa: E402

y, beside = np.empty(50), np.empty(50)
m, v = np.zeros(50), np.zeros(50)
for step, out in ((dispatch.adam_step, y), (reference.adam_step, beside)):
    out[:] = X[:50, 0]
    step(out, X[1:11].ravel(), m * 0.0, v * 0.0, 0.9, 0.999, 1e-3, 0.03, 1e-8)
np.testing.assert_allclose(y, beside, rtol=1e-15)
if kind == "alone":
    assert not {"scipy", "sklearn", "pandas"} & set(sys.modules), sorted(sys.modules)
    print(f"smoke: layers, softmax and a step of Adam in {np.__name__} {np.__version__} alone")
    sys.exit()

from skprep import GroupScaler, RobustScaler, StandardScaler, from_json, to_json  # noqa: E402
from skprep.versions import kernels  # noqa: E402

assert kernels() == kind, kernels()
for scaler, center, scale in (
    (StandardScaler(), X.mean(axis=0), X.std(axis=0)),
    (RobustScaler(), np.median(X, axis=0), np.subtract(*np.quantile(X, [0.75, 0.25], axis=0))),
):
    np.testing.assert_allclose(scaler.fit_transform(X), (X - center) / scale, rtol=1e-9, atol=1e-9)
keyed = np.column_stack([codes, X])
grouped = GroupScaler(StandardScaler(), by=0).fit(keyed)
Z = grouped.transform(keyed)
for g in range(7):
    own = X[codes == g]
    np.testing.assert_allclose(Z[codes == g], (own - own.mean(axis=0)) / own.std(axis=0), atol=1e-9)
np.testing.assert_array_equal(from_json(to_json(grouped)).transform(keyed), Z)
from importlib.resources import files  # noqa: E402

import pandas as pd  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402

schema = json.loads((files("skprep.persistence") / "schema.json").read_text(encoding="utf-8"))
pipeline = make_pipeline(StandardScaler(), RobustScaler()).fit(X)
document = json.loads(to_json(pipeline))
assert document["class"] in str(schema)
np.testing.assert_array_equal(from_json(json.dumps(document)).transform(X), pipeline.transform(X))
frame = pd.DataFrame(X, columns=list("abcde"))
for extra, call in (("onnx", skprep.to_onnx), ("sql", skprep.to_sql)):
    try:
        call(StandardScaler().fit(frame), frame if extra == "onnx" else "t")
    except ImportError as error:
        assert f"skprep[{extra}]" in str(error), error  # noqa: PT017
    else:
        raise AssertionError(f"the extra {extra} is not absent")
print(f"smoke: scalers, groups and documents by kernels in {kind}")
