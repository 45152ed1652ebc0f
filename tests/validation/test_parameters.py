import numpy as np
import pandas as pd
import pytest

from skprep import LogScaler, MinMaxScaler

X = np.array([[1.0, 10.0], [2.0, 20.0], [4.0, 90.0]])


def test_labelled_parameters_go_by_name():
    frame = pd.DataFrame(X, columns=["temp", "press"])
    bounds = (pd.Series({"press": 0, "temp": 1}), {"press": 100, "temp": 5})
    np.testing.assert_array_equal(MinMaxScaler(data_bounds=bounds).fit(frame).data_max_, [5.0, 100.0])
    np.testing.assert_array_equal(LogScaler(offset={"press": 7, "temp": 1}).fit(frame).offset_, [1.0, 7.0])
    with pytest.raises(ValueError, match=r"by label must name every feature of X; received \['temp'\]"):
        LogScaler(offset={"temp": 1.0}).fit(frame)
