"""Do those who leave stand above those who stay? Figures of the order of scores, ties counted fairly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cxmodels.value.counts import Floats


@dataclass(frozen=True)
class Ranking:
    """Rows from the highest score to the lowest, with the places where a new score begins.

    Attributes
    ----------
    order : ndarray of int, shape (rows,)
        Rows of the input, by score from the highest.
    starts : ndarray of int, shape (distinct scores,)
        Where in that order each distinct score begins.
    labels : ndarray of float, shape (rows,)
        1 where the customer left, in that order.
    """

    order: npt.NDArray[np.intp]
    starts: npt.NDArray[np.intp]
    labels: Floats

    def counts(self, weights: Floats | None = None) -> tuple[Floats, Floats]:
        """Return how many left and stayed at each distinct score, from the highest; rows count by weight."""
        times = np.ones(len(self.order)) if weights is None else weights[self.order]
        left = times * self.labels
        stayed = times - left
        if len(self.starts) < len(self.order):
            left, stayed = np.add.reduceat(left, self.starts), np.add.reduceat(stayed, self.starts)
        return left, stayed


def rank_rows(labels: Floats, score: Floats) -> Ranking:
    """Sort rows by score once; figures of any weighting of them follow without sorting again.

    Examples
    --------
    >>> ranking = rank_rows(np.array([0.0, 1.0, 1.0]), np.array([0.2, 0.9, 0.2]))
    >>> [counts.tolist() for counts in ranking.counts()]
    [[1.0, 1.0], [0.0, 1.0]]
    """
    order = np.argsort(-score, kind="stable")
    sorted_scores = score[order]
    starts = np.flatnonzero(np.r_[True, sorted_scores[1:] != sorted_scores[:-1]])
    return Ranking(order, starts, labels[order])


def auc(left: Floats, stayed: Floats) -> float:
    """Return the chance that one who left scores above one who stayed; equal scores count one half.

    Parameters
    ----------
    left, stayed : ndarray of float, shape (distinct scores,)
        Counts from the highest score, as of `Ranking.counts`.

    Returns
    -------
    float
        The area under the ROC curve (Hanley & McNeil 1982, Radiology 143); NaN where nobody left or stayed.

    Examples
    --------
    >>> auc(np.array([1.0, 1.0]), np.array([0.0, 2.0]))
    0.75
    """
    all_left, all_stayed = float(left.sum()), float(stayed.sum())
    if all_left <= 0 or all_stayed <= 0:
        return float("nan")
    above = np.cumsum(left)
    above -= 0.5 * left
    return weighted_sum(stayed, above) / (all_left * all_stayed)


def average_precision(left: Floats, stayed: Floats) -> float:
    """Return the mean, over those who left, of the share that left among all who score at least as high.

    No interpolation between scores: that would flatter (Davis & Goadrich 2006, ICML). NaN where nobody left.

    Examples
    --------
    >>> average_precision(np.array([1.0, 1.0]), np.array([0.0, 2.0]))
    0.75
    """
    all_left = float(left.sum())
    if all_left <= 0:
        return float("nan")
    found, taken = np.cumsum(left), np.cumsum(left + stayed)
    # where nobody has been taken yet nobody was found either
    precision = np.divide(found, np.maximum(taken, 1e-300, out=taken), out=found)
    return weighted_sum(left, precision) / all_left


def top_tenth_lift(left: Floats, stayed: Floats) -> float:
    """Return how many times as many left among the tenth scored highest as among all.

    Rows that tie at the tenth's edge count in the proportion that fits in, so their order decides nothing;
    so does the part of a row where the rows do not divide by ten. NaN where nobody left.

    Examples
    --------
    >>> top_tenth_lift(np.array([1.0, 1.0]), np.array([1.0, 17.0]))
    5.0
    """
    all_left = float(left.sum())
    if all_left <= 0:
        return float("nan")
    taken = np.concatenate(([0.0], np.cumsum(left + stayed)))
    found = np.concatenate(([0.0], np.cumsum(left)))
    return float(np.interp(0.1 * taken[-1], taken, found)) / (0.1 * all_left)


def weighted_sum(one: Floats, other: Floats) -> float:
    """Return the sum of products in one thread: on a busy machine that is faster, and repeatable."""
    return float(np.einsum("i,i->", one, other))
