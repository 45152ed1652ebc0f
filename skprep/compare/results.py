"""What a comparison has found: scores, differences in pairs, and what they tell."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from skprep.compare.paired import LEVEL, corrected_t_test, holm

NAMED = 4  # names that a sentence lists


@dataclass
class Result:
    """Outcome of one scaler in front of one model: a score and a fit time per fold.

    ``difference``, ``error`` and ``p_value`` are those of the best pair's score minus this one's, in pairs
    over the folds; ``p_value`` is adjusted for the scalers of a model.
    """

    scaler: str
    model: str
    scores: list
    fit_times: list
    converged: bool = True
    parameters: list = field(default_factory=list)
    difference: float = 0.0
    error: float = 0.0
    p_value: float = 1.0

    @property
    def mean(self):
        """Mean score over the folds."""
        return float(np.mean(self.scores))

    @property
    def std(self):
        """Standard deviation of the score over the folds."""
        return float(np.std(self.scores, ddof=1)) if len(self.scores) > 1 else 0.0

    @property
    def fit_time(self):
        """Mean time of fitting scaler and model once, in seconds."""
        return float(np.mean(self.fit_times))

    @property
    def is_told_apart(self):
        """Whether the folds tell this result from the best one."""
        return self.p_value < LEVEL


def judged(results, test_share):
    """Return results, the best first, each with its paired difference from the best one."""
    results = sorted(results, key=lambda r: -r.mean)
    best = results[0]
    for r in results[1:]:
        given = np.subtract(best.scores, r.scores)
        r.difference, r.error, r.p_value = corrected_t_test(given, test_share)
    for model in {r.model for r in results[1:]}:  # a family of claims: the scalers in front of one model
        own = [r for r in results[1:] if r.model == model]
        for r, p in zip(own, holm([r.p_value for r in own]), strict=True):
            r.p_value = float(p)
    return results


def verdict(results, score):
    """Return the outcome in a few sentences: the best pair, and what the folds do not tell from it."""
    best, others = results[0], results[1:]
    name = "no scaling" if best.scaler == "none" else best.scaler
    text = f"Best: {name} in front of {best.model}, {score} {best.mean:.4f} ± {best.std:.4f}."
    same = [r for r in others if r.model == best.model]
    ties, worse = ([r.scaler for r in same if r.is_told_apart is told] for told in (False, True))
    if not same:
        pass
    elif not ties:
        text += f" In front of {best.model} it is better than every other scaler."
    else:
        text += f" In front of {best.model} the data do not tell it from {_listed(ties)}"
        text += f"; it is better than {_listed(worse)}." if worse else ", which are all the others."
    elsewhere = [r for r in others if r.model != best.model]
    tied = sum(not r.is_told_apart for r in elsewhere)
    if elsewhere:
        some = f"{tied} of {len(elsewhere)}" if tied else f"none of {len(elsewhere)}"
        text += f" With the other models {some} are as good, as far as {len(best.scores)} folds can tell."
    return text


def _listed(names):
    shown = ", ".join(names[:NAMED])
    return shown + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")


def as_frame(results):
    """Return results as a table, one row each, the best first."""
    rows = [
        {
            "scaler": r.scaler,
            "model": r.model,
            "mean_test_score": r.mean,
            "std_test_score": r.std,
            "mean_fit_time": r.fit_time,
            "difference": r.difference,
            "p_value": r.p_value,
            "tied": not r.is_told_apart,
            "converged": r.converged,
            **{f"split{i}_test_score": s for i, s in enumerate(r.scores)},
        }
        for r in results
    ]
    return pd.DataFrame(rows)
