"""What would a simple rule say? The base rate, one signal, and logistic regression, on the same rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import pandas as pd

from cxmodels.churn.alone import measure_alone
from cxmodels.churn.encoding import Encoding, fit_encoding
from cxmodels.churn.model import known_rows
from cxmodels.value.counts import Floats

PIECES = 10
SIGNAL_ROWS = 20_000  # on which the one signal is chosen
LOGISTIC_STEPS = 500
STRENGTH = 1.0  # of scikit-learn's penalty, its default


class Rival(Protocol):
    """What predicts a probability for each row of a frame."""

    def predict(self, frame: pd.DataFrame) -> Floats:
        """Return each row's probability of leaving."""
        ...


@dataclass(frozen=True)
class BaseRate:
    """Everybody leaves with the probability of all."""

    rate: float

    def predict(self, frame: pd.DataFrame) -> Floats:
        """Return the same probability for each row."""
        return np.full(len(frame), self.rate)


@dataclass(frozen=True)
class OneSignal:
    """The share that left, in pieces of a single feature.

    Attributes
    ----------
    feature : str
    edges : ndarray of float, shape (pieces - 1,)
        Where one piece ends; categories are a piece each.
    rates : ndarray of float, shape (pieces + 1,)
        Share that left in each piece; the last is that of rows without a value.
    """

    feature: str
    edges: Floats = field(repr=False)
    rates: Floats = field(repr=False)
    encoding: Encoding = field(repr=False)

    def predict(self, frame: pd.DataFrame) -> Floats:
        """Return the share that left in each row's piece."""
        return self.rates[_piece(self.encoding.matrix(frame)[:, 0], self.edges)]


@dataclass(frozen=True)
class Logistic:
    """Logistic regression: scaled numbers, a column for each category, missing values flagged."""

    encoding: Encoding
    pipeline: Any = field(repr=False)

    def predict(self, frame: pd.DataFrame) -> Floats:
        """Return each row's probability of leaving."""
        return np.asarray(self.pipeline.predict_proba(self.encoding.matrix(frame))[:, 1], dtype=float)


def fit_rivals(
    train: pd.DataFrame, *, features: Sequence[str], signal: str | None = None
) -> dict[str, Rival]:
    """Fit the rivals that every churn model must meet.

    Parameters
    ----------
    train : DataFrame
        As of `cxmodels.churn.model.fit_churn`; with the rows of a later snapshot too, where there is one: a
        rival needs no judge.
    features : sequence of str
        As of the model.
    signal : str, optional
        The one signal, such as the days since the last purchase. Default: the feature that alone tells most.

    Returns
    -------
    dict of str to Rival
        base rate, one signal, logistic regression.

    Raises
    ------
    ValueError
        As of the model; and where `signal` is none of its features.

    Examples
    --------
    >>> rows = pd.DataFrame({"customer_id": list("abcd"), "churned": [1, 0, 0, 0], "fee": [9, 1, 2, 3]})
    >>> fit_rivals(rows, features=["fee"])["base rate"].predict(rows).tolist()
    [0.25, 0.25, 0.25, 0.25]
    """
    known = known_rows(train, name="training")
    labels = known["churned"].to_numpy(dtype=float)
    encoding = fit_encoding(known, features=features)
    if signal is not None and signal not in encoding.features:
        raise ValueError(f"signal is {signal!r}; it must be one of {', '.join(encoding.features)}.")
    chosen = signal or _best_signal(known, labels, encoding)
    return {
        "base rate": BaseRate(float(labels.mean())),
        "one signal": _fit_signal(known, labels, chosen),
        "logistic regression": _fit_logistic(known, labels, encoding),
    }


def _best_signal(known: pd.DataFrame, labels: Floats, encoding: Encoding) -> str:
    some = np.sort(np.random.default_rng(0).permutation(len(known))[:SIGNAL_ROWS])
    told: Mapping[str, float] = {
        name: measure_alone(known[name].iloc[some], labels[some]).explained for name in encoding.features
    }
    return max(told, key=lambda name: np.nan_to_num(told[name], nan=-np.inf))


def _fit_signal(known: pd.DataFrame, labels: Floats, feature: str) -> OneSignal:
    encoding = fit_encoding(known, features=[feature])
    values = encoding.matrix(known)[:, 0]
    seen = values[~np.isnan(values)]
    if encoding.categories:
        edges = np.arange(len(encoding.categories[feature]) - 1, dtype=float)
    else:
        edges = np.unique(np.quantile(seen, np.arange(1, PIECES) / PIECES, method="inverted_cdf"))
    place = _piece(values, edges)
    rows = np.bincount(place, minlength=len(edges) + 2)
    left = np.bincount(place, labels, minlength=len(edges) + 2)
    return OneSignal(feature, edges, (left + labels.mean()) / (rows + 1.0), encoding)


def _piece(values: Floats, edges: Floats) -> Any:
    return np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="left"))


def _fit_logistic(known: pd.DataFrame, labels: Floats, encoding: Encoding) -> Logistic:
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = [place for place in range(len(encoding.features)) if place not in encoding.categorical]
    prepared = ColumnTransformer(
        [
            (
                "numbers",
                make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler()),
                numbers,
            ),
            # a missing value is a category of its own
            (
                "categories",
                make_pipeline(
                    SimpleImputer(strategy="constant", fill_value=-1.0),
                    OneHotEncoder(handle_unknown="ignore"),
                ),
                encoding.categorical,
            ),
        ],
    )
    pipeline = make_pipeline(prepared, LogisticRegression(C=STRENGTH, max_iter=LOGISTIC_STEPS))
    pipeline.fit(encoding.matrix(known), labels)
    return Logistic(encoding, pipeline)
