"""What would a linear model expect? One pass over the rows answers every target and choice of covariates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from cxmodels.value.counts import Floats, Integers

BLOCK = 50_000  # rows in memory at a time
RIDGE = 1e-6  # of the mean diagonal: enough for columns that repeat others
Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Design:
    """Covariates as columns of a linear model, scaled.

    Attributes
    ----------
    frame : DataFrame
        The covariates: numbers or categories.
    names : tuple of str
        The covariate behind each column of the design.
    """

    frame: pd.DataFrame = field(repr=False)
    names: tuple[str, ...]
    _gaps: frozenset[str] = field(repr=False)
    _middle: Floats = field(repr=False)
    _scale: Floats = field(repr=False)

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Design:
        """Lay out the columns: a number, its logarithm and whether it is missing; or the categories."""
        names: list[str] = ["(all)"]
        gaps = frozenset(str(name) for name, column in frame.items() if column.isna().any())
        for name, column in frame.items():
            names += [str(name)] * _columns(column.iloc[:1], gaps=str(name) in gaps).shape[1]
        plain = cls(frame, tuple(names), gaps, np.zeros(len(names)), np.ones(len(names)))
        some = plain.block(slice(0, None, max(len(frame) // 20_000, 1)))
        middle, scale = some.mean(axis=0), some.std(axis=0)
        middle[0], scale[scale < 1e-9] = 0.0, 1.0
        return cls(frame, tuple(names), gaps, middle, scale)

    def block(self, rows: slice) -> Matrix:
        """Return some rows of the design."""
        part = self.frame.iloc[rows]
        parts: list[Matrix] = [np.ones((len(part), 1))]
        parts += [_columns(column, gaps=str(name) in self._gaps) for name, column in part.items()]
        return (np.hstack(parts) - self._middle) / self._scale

    def places(self, covariates: Sequence[str]) -> Integers:
        """Return the columns of some covariates, the constant among them."""
        wanted = {"(all)", *covariates}
        return np.flatnonzero([name in wanted for name in self.names])


@dataclass(frozen=True)
class Moments:
    """Sums of squares and products of design and targets, by part of the customers.

    Attributes
    ----------
    design : Design
    targets : tuple of str
    gram : ndarray of float, shape (parts, columns, columns)
        Of the design, with the targets as its last columns.
    folds : int
        Part 0 lies in fold 0, part 1 in fold 1, …, and so on again.
    """

    design: Design
    targets: tuple[str, ...]
    gram: npt.NDArray[np.float64] = field(repr=False)
    folds: int

    @property
    def width(self) -> int:
        """Columns of the design."""
        return len(self.design.names)

    def target(self, name: str) -> int:
        """Return the column of a target."""
        return self.width + self.targets.index(name)

    def coefficients(self, target: str, columns: Integers, *, without: int) -> Floats:
        """Return the coefficients of the columns, learned without one fold.

        Parameters
        ----------
        target : str
        columns : ndarray of int
            Columns of the design.
        without : int
            The fold that is not learned from.
        """
        kept = np.arange(len(self.gram)) % self.folds != without
        gram = self.gram[kept].sum(axis=0)
        inner = gram[np.ix_(columns, columns)]
        ridge = RIDGE * np.trace(inner) / len(columns)
        return np.linalg.solve(inner + ridge * np.eye(len(columns)), gram[columns, self.target(target)])

    def strength(self, target: str, covariates: Sequence[str]) -> pd.Series:
        """Return the share of a target's variance that each covariate explains beyond all others.

        Parameters
        ----------
        target : str
        covariates : sequence of str
            All that are in the model.

        Returns
        -------
        Series
            Partial R² by covariate, in the rows learned from.
        """
        columns = self.design.places(covariates)
        gram = self.gram.sum(axis=0)
        inner = gram[np.ix_(columns, columns)]
        inverse = np.linalg.inv(inner + RIDGE * np.trace(inner) / len(columns) * np.eye(len(columns)))
        place = self.target(target)
        found = inverse @ gram[columns, place]
        left = max(float(gram[place, place] - found @ gram[columns, place]), 1e-12)
        names = np.array(self.design.names)[columns]
        gained = {}
        for name in covariates:
            own = np.flatnonzero(names == name)
            # what is lost where the coefficients of one covariate are held at 0
            lost = float(found[own] @ np.linalg.solve(inverse[np.ix_(own, own)], found[own]))
            gained[name] = max(lost, 0.0) / (max(lost, 0.0) + left)
        return pd.Series(gained, dtype=float)


def gather(
    design: Design, targets: pd.DataFrame, part: Integers, *, folds: int, parts: int | None = None
) -> Moments:
    """Go over the rows once.

    Parameters
    ----------
    design : Design
    targets : DataFrame, shape (rows, targets)
        What is to be expected: numbers without gaps.
    part : ndarray of int, shape (rows,)
        Part of the customers; by default each is a fold.
    folds : int
    parts : int, optional
        A multiple of the folds.
    """
    width = len(design.names) + targets.shape[1]
    gram = np.zeros((parts or folds, width, width))
    numbers = targets.to_numpy(dtype=float)
    for first in range(0, len(part), BLOCK):
        rows = slice(first, first + BLOCK)
        block = np.hstack([design.block(rows), numbers[rows]])
        for one in range(len(gram)):
            some = block[part[rows] == one]
            gram[one] += some.T @ some
    return Moments(design, tuple(map(str, targets.columns)), gram, folds)


def expect_linear(
    moments: Moments, fold: Integers, *, asked: Mapping[str, tuple[str, Sequence[str]]]
) -> pd.DataFrame:
    """Return what is expected of each target, by a model that has not seen the customer.

    Parameters
    ----------
    moments : Moments
    fold : ndarray of int, shape (rows,)
    asked : mapping of str to (str, sequence of str)
        A name for each answer: its target, and the covariates that precede it.

    Returns
    -------
    DataFrame, shape (rows, answers)
    """
    folds = moments.folds
    weights = np.zeros((folds, moments.width, len(asked)))
    for place, (target, some) in enumerate(asked.values()):
        columns = moments.design.places(some)
        for one in range(folds):
            weights[one, columns, place] = moments.coefficients(target, columns, without=one)
    expected = np.empty((len(fold), len(asked)))
    for first in range(0, len(fold), BLOCK):
        rows = slice(first, min(first + BLOCK, len(fold)))
        block = moments.design.block(rows)
        for one in range(folds):
            some_rows = fold[rows] == one
            expected[rows][some_rows] = block[some_rows] @ weights[one]
    return pd.DataFrame(expected, columns=list(asked))


def _columns(column: pd.Series, *, gaps: bool) -> Matrix:
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes = column.cat.codes.to_numpy()
        return (codes[:, None] == np.arange(-1, len(column.cat.categories))).astype(float)
    numbers = column.to_numpy(dtype=float)
    missing = np.isnan(numbers)
    numbers = np.where(missing, 0.0, numbers)
    parts = [numbers, np.sign(numbers) * np.log1p(np.abs(numbers))]
    return np.column_stack([*parts, missing.astype(float)] if gaps else parts)
