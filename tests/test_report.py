import numpy as np
import pandas as pd

from skprep.compare import Result
from skprep.report import render, verdict
from skprep.tables import prepare


def results(*rows):
    return [Result(scaler, "model", list(scores), [0.001, 0.003], True) for scaler, *scores in rows]


def test_the_verdict_names_the_best_and_says_when_it_is_not_alone():
    alone = results(("StandardScaler", 0.9, 0.92), ("none", 0.5, 0.6))
    assert verdict(alone) == "Best: StandardScaler in front of model, 0.9100 ± 0.0141."
    tied = results(("none", 0.9, 0.92), ("MinMaxScaler", 0.9, 0.91))
    assert verdict(tied).startswith("Best: no scaling in front of model, 0.9100 ± 0.0141. 1 other pair ")


def test_the_page_shows_every_result_and_a_histogram_of_every_value():
    x = np.r_[np.zeros(30), np.ones(10), np.nan]
    frame = pd.DataFrame({"a & b": x, "t": np.arange(41) % 2})
    page = render(
        "data <x>", prepare(frame, "t", folds=2), results(("RobustScaler", 0.9, 0.8), ("none", 0, 1))
    )
    assert "data &lt;x&gt;" in page
    assert "a &amp; b: after RobustScaler" in page
    assert "<td class=n>0.8500</td><td class=n>0.0707</td><td class=n>2.0</td>" in page
    # Bars are scaled to the tallest: 30 zeros give 100, 10 ones a third of it.
    assert page.count('height="100.0"') == 2
    assert page.count('height="33.3"') == 2
