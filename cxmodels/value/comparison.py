"""Is one prediction better than another by more than chance? The one rule by which a default gives way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cxmodels.value.blend import keep_total
from cxmodels.value.counts import Floats
from cxmodels.value.metrics import ranks, score_predictions, settled, top_tenth

CHANCE = 1.645  # standard errors: chance alone exceeds them once in twenty times
FURTHER_OFF = 0.2  # in logarithms: how much further off the total may be
SMALLEST_RANKING = 0.05  # of a rank correlation or a share: below it a relative gain means nothing


@dataclass(frozen=True)
class Gain:
    """What one prediction gained over another on the same customers.

    Attributes
    ----------
    size : float
        Sum of the relative gains in mean absolute error (at the actual total), rank correlation and spend
        caught by the top tenth; above 0 where the candidate is better.
    error : float
        Standard error of `size` over customers.
    further_off : float
        |log(predicted ÷ actual total)| of the candidate less that of the reference.
    """

    size: float
    error: float
    further_off: float

    @property
    def beyond_chance(self) -> bool:
        """Whether the candidate displaces the reference.

        It does where its gain is larger than chance gives (`CHANCE` standard errors), and its total was not
        far further off than the reference's (`FURTHER_OFF`). On small customer bases nearly nothing is. Each
        candidate passes by chance at most once in twenty times, one of several more often; and what a season
        does to all customers alike is not in the error.
        """
        return self.size > CHANCE * self.error and self.further_off <= FURTHER_OFF


def score_candidate(actual: Floats, predicted: Floats) -> dict[str, float]:
    """Return a candidate's figures, and its error at the actual total: expecting little wins nothing.

    Returns
    -------
    dict of str to float
        As of `cxmodels.value.metrics.score_predictions`, and ``mae_at_total``.
    """
    level = keep_total(predicted, max(float(actual.sum()), 0.0))
    return {**score_predictions(actual, predicted), "mae_at_total": float(np.abs(actual - level).mean())}


def measure_gain(actual: Floats, candidate: Floats, reference: Floats) -> Gain:
    """Compare two predictions customer by customer.

    Parameters
    ----------
    actual, candidate, reference : ndarray of float, shape (customers,)
        What each customer spent, and the two predictions of it (currency).

    Returns
    -------
    Gain

    Notes
    -----
    Each of the three figures is a mean over customers, so the two predictions can be compared in pairs: the
    standard error is that of the mean of the customers' differences (their influence on the summed gain, with
    ranks, the edge of the top tenth and the actual total taken as given). What both get wrong alike cancels.

    Examples
    --------
    >>> spent, told = np.arange(40.0), np.arange(40.0)
    >>> measure_gain(spent, told, told).beyond_chance, measure_gain(spent, told, told[::-1]).beyond_chance
    (False, True)
    """
    scores = [score_candidate(actual, one) for one in (candidate, reference)]
    ours, theirs = (
        _influence(actual, one, row) for one, row in zip((candidate, reference), scores, strict=True)
    )
    new, old = scores
    scale = {
        "mae_at_total": -max(old["mae_at_total"], 1e-12),
        "spearman": max(old["spearman"], SMALLEST_RANKING),
        "top_tenth": np.fmax(old["top_tenth"], SMALLEST_RANKING),
    }
    # without any spend there is no top tenth, and nothing to gain in it
    size = np.nansum([(new[figure] - old[figure]) / scale[figure] for figure in scale])
    parts = sum((ours[figure] - theirs[figure]) / scale[figure] for figure in scale)
    error = float(np.std(parts) / np.sqrt(len(actual)))
    return Gain(round(float(size), 9), error, _off(new) - _off(old))


def _influence(actual: Floats, predicted: Floats, scores: Mapping[str, float]) -> dict[str, Floats]:
    """Return each customer's part in the three figures; the mean of its variation is that of the figure."""
    level = keep_total(predicted, max(float(actual.sum()), 0.0))
    truth, guess = (_standard(ranks(settled(one))) for one in (actual, predicted))
    inside = np.zeros(len(actual))
    inside[top_tenth(predicted)] = 1.0
    mean = float(actual.mean())
    rank = scores["spearman"]
    return {
        "mae_at_total": np.abs(actual - level),
        "spearman": truth * guess - rank / 2 * (truth**2 + guess**2),
        "top_tenth": actual * (inside - scores["top_tenth"]) / mean if mean > 0 else np.zeros(len(actual)),
    }


def _standard(ranks: Floats) -> Floats:
    spread = float(ranks.std())
    return (ranks - ranks.mean()) / (spread if spread > 0 else 1.0)


def _off(scores: Mapping[str, float]) -> float:
    ratio = scores["total_ratio"]
    return abs(float(np.log(np.clip(ratio, 1e-6, 1e6)))) if np.isfinite(ratio) else 0.0
