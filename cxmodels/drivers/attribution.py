"""What moves the model's score of each customer? Exact TreeSHAP, of a stated sample or streamed over all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cxmodels.churn.batches import batches, keys_of
from cxmodels.churn.encoding import Encoding
from cxmodels.churn.model import ChurnModel
from cxmodels.churn.resampling import customer_places
from cxmodels.churn.trees import draw_customers
from cxmodels.tables.errors import nearest_names
from cxmodels.value.counts import Floats, Integers

if TYPE_CHECKING:
    import shap


@dataclass(frozen=True)
class Attribution:
    """How far each feature moved the raw score of each explained row; made by `explain`.

    Attributes
    ----------
    values : DataFrame, shape (rows, features)
        Log odds of leaving *before calibration*: the scale on which the trees add up.
    base : float
        Raw score of the average row learned from. A row's values and the base add up to its raw score.
    data : DataFrame, shape (rows, features)
        The features of the explained rows.
    rows : ndarray of int, shape (rows,)
        Their places in the frame that was given.
    places : ndarray of int, shape (rows,)
        The customer of each.
    of_rows, of_customers : int
        How many rows and customers that frame has: the sample was drawn from them.
    encoding : Encoding
        How the model reads the features.
    """

    values: pd.DataFrame = field(repr=False)
    base: float
    data: pd.DataFrame = field(repr=False)
    rows: Integers = field(repr=False)
    places: Integers = field(repr=False)
    of_rows: int
    of_customers: int
    encoding: Encoding = field(repr=False)

    @property
    def features(self) -> tuple[str, ...]:
        """The features that the model reads."""
        return tuple(self.values.columns)

    @property
    def customers(self) -> int:
        """How many customers are explained."""
        return len(np.unique(self.places))

    @property
    def score(self) -> Floats:
        """Raw score of each explained row: log odds before calibration."""
        return self.base + self.values.to_numpy().sum(axis=1)

    @property
    def sample(self) -> str:
        """What was explained, in a sentence."""
        if len(self.rows) == self.of_rows:
            return f"All {self.of_customers:,} customers are explained."
        return f"{self.customers:,} of {self.of_customers:,} customers, drawn at random, are explained."

    def by_part(self, parts: Mapping[str, str] | None = None) -> pd.DataFrame:
        """Add up the signed values of the features of a part, row by row; see `add_parts`."""
        return add_parts(self.values, parts)

    def of_explained(self, each: pd.Series | Floats, *, name: str) -> pd.Series:
        """Return a figure of the explained rows, from one of all rows of the frame, in its order.

        Raises
        ------
        ValueError
            Where it has more or fewer rows than the frame.
        """
        if len(each) != self.of_rows:
            raise ValueError(
                f"{name} has {len(each):,} rows and the frame that was explained {self.of_rows:,}; give one "
                "for each of its rows, in their order."
            )
        return pd.Series(each).iloc[self.rows].reset_index(drop=True)

    def explanation(self, labels: Mapping[str, str] | None = None) -> shap.Explanation:
        """Return the values as ``shap.Explanation``, for shap's own plots.

        Parameters
        ----------
        labels : mapping of str to str, optional
            Words for features.

        Returns
        -------
        shap.Explanation
            Its ``data`` are what the model read (categories by number), its ``display_data`` the features.
        """
        import shap  # here: it takes longer to load than most models to explain

        return shap.Explanation(
            values=self.values.to_numpy(),
            base_values=np.full(len(self.values), self.base),
            data=self.encoding.matrix(self.data),
            display_data=self.data.to_numpy(dtype=object),
            feature_names=[(labels or {}).get(name, name) for name in self.features],
        )


def explain(model: ChurnModel, frame: pd.DataFrame, *, most: int | None = None, seed: int = 0) -> Attribution:
    """Explain rows of a frame: all of them, or those of customers drawn at random.

    Parameters
    ----------
    model : ChurnModel
    frame : DataFrame, shape (rows, columns)
        The model's features, and customer_id where a customer may have several rows.
    most : int, optional
        Where there are more rows, customers are drawn without replacement until there are near enough so
        many; all rows of a customer come together. Default: every row.
    seed : int
        Same seed, same sample.

    Returns
    -------
    Attribution

    Raises
    ------
    ValueError
        Where `frame` has no row, a feature is not there, or `most` is below 1.

    Notes
    -----
    Exact TreeSHAP, path-dependent (Lundberg et al. 2020, Nature Machine Intelligence 2), by LightGBM's
    ``pred_contrib``: also with categories and missing values. It explains the model, not the world: a lever
    that does nothing may have large values. No interactions: shap's are wrong where trees split categories.
    """
    if frame.empty:
        raise ValueError("There is no row to explain; give rows with the model's features.")
    if most is not None and most < 1:
        raise ValueError(f"most is {most}; give 1 or more rows, or None for all.")
    ids = frame["customer_id"].to_numpy(dtype=object) if "customer_id" in frame.columns else None
    places = customer_places(ids, rows=len(frame))
    rows = np.arange(len(frame))
    if most is not None and most < len(frame):
        rows = np.flatnonzero(draw_customers(places, most=most, seed=seed))
    if not len(rows):
        raise ValueError(f"most is {most}, fewer rows than one customer has; give more.")
    chosen = frame.iloc[rows]
    moved = model.contributions(chosen, raw=True)
    return Attribution(
        values=moved.drop(columns="base").reset_index(drop=True),
        base=float(moved["base"].iloc[0]),
        data=chosen[list(model.features)].reset_index(drop=True),
        rows=rows,
        places=places[rows],
        of_rows=len(frame),
        of_customers=int(places.max()) + 1,
        encoding=model.encoding,
    )


def stream_attribution(
    model: ChurnModel,
    source: pd.DataFrame | Iterable[pd.DataFrame],
    *,
    parts: Mapping[str, str] | None = None,
    rows: int | None = None,
) -> Iterator[pd.DataFrame]:
    """Yield what moves the raw score of every row, a batch at a time: memory does not grow with the rows.

    Parameters
    ----------
    model : ChurnModel
    source : DataFrame, or iterable of DataFrame
        As of `cxmodels.churn.batches.batches`.
    parts : mapping of str to str, optional
        Part of each feature, such as its touchpoint: signed values are added up by it.
    rows : int
        Of a batch of one DataFrame.

    Yields
    ------
    DataFrame
        customer_id and as_of (where they are there), log odds before calibration by feature or part, and
        ``base``.

    Raises
    ------
    ValueError
        Where a batch lacks a feature, a feature has no part, or `rows` is below 1.
    """
    for batch in batches(source, rows=rows):
        moved = model.contributions(batch, raw=True)
        added = moved if parts is None else add_parts(moved, {**parts, "base": "base"})
        yield pd.concat([keys_of(batch), added], axis=1)


def add_parts(values: pd.DataFrame, parts: Mapping[str, str] | None) -> pd.DataFrame:
    """Add up signed values by part, row by row: what two features move in opposite ways cancels out.

    Parameters
    ----------
    values : DataFrame, shape (rows, features)
        Log odds.
    parts : mapping of str to str or None
        Part of each feature, such as its touchpoint; None: each feature is a part.

    Returns
    -------
    DataFrame, shape (rows, parts)
        Indexed as `values`, parts in the order of their first feature.

    Raises
    ------
    ValueError
        Where a feature has no part.

    Examples
    --------
    >>> moved = pd.DataFrame({"calls": [0.3], "wait": [-0.1], "fee": [0.2]})
    >>> parts = {"calls": "contact", "wait": "contact", "fee": "bill"}
    >>> add_parts(moved, parts).round(3).to_dict("list")
    {'contact': [0.2], 'bill': [0.2]}
    """
    if parts is None:
        return values
    lacking = [str(name) for name in values.columns if name not in parts]
    if lacking:
        raise ValueError(
            f"No part is named for {', '.join(lacking)}{nearest_names(lacking[0], parts)}; name one for each "
            "feature of the model."
        )
    codes, names = pd.factorize(np.array([parts[name] for name in values.columns], dtype=object))
    member = np.zeros((len(codes), len(names)))
    member[np.arange(len(codes)), codes] = 1.0
    return pd.DataFrame(values.to_numpy() @ member, index=values.index, columns=list(names))
