"""Do the customers to be scored still look like those that the model learned from? Drift of each feature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import chdtri

from cxmodels.churn.words import in_words
from cxmodels.value.counts import Floats

SOME, MUCH = 0.10, 0.25  # customary bounds of the index
BINS = 10
CATEGORIES = 20  # kept apart; rarer ones are taken together
ERROR = 0.01  # chance to call any feature drifted where none is
MISSING, UNSEEN, RARE = "missing", "unseen in training", "rare"
REFIT_SHARE = 0.20  # of the features with some drift


@dataclass(frozen=True)
class Drift:
    """How far features moved between the training and the scoring snapshot.

    Attributes
    ----------
    table : DataFrame
        One row a feature, the most drifted first: feature, psi (population stability index), chance (what it
        is on average without any drift, for so many rows), drift (psi less chance, not below 0), limit (what
        it exceeds by chance in one study of a hundred), verdict (steady, some drift, much drift, or too few
        rows), reason (in words: the piece that moved most).
    pieces : DataFrame
        One row a feature and piece: feature, piece, training, scoring (shares of rows), part (of psi).
    refit : bool
        Whether the model should be fitted again.
    verdict : str
        One sentence: whether, and which features say so.
    """

    table: pd.DataFrame
    pieces: pd.DataFrame = field(repr=False)
    refit: bool
    verdict: str


def measure_drift(
    training: pd.DataFrame,
    scoring: pd.DataFrame,
    *,
    bins: int = BINS,
    label: Mapping[str, str] | None = None,
) -> Drift:
    """Compare the features of two snapshots.

    Parameters
    ----------
    training, scoring : DataFrame, shape (rows, features)
        What the model learned from, and what it is to score. Columns that only `scoring` has are not read.
    bins : int
        Pieces of a numeric feature, by the quantiles of `training`.
    label : mapping of str to str, optional
        Words for features, in which the verdict names them.

    Returns
    -------
    Drift

    Raises
    ------
    ValueError
        Where a snapshot has no row, the scoring snapshot lacks a feature, or `bins` is below 2.

    Notes
    -----
    The index is Σ (s - t) log(s / t) over the pieces' shares s and t, with half a row added to every piece,
    so that an empty one does not make it infinite. A missing value is a piece; so is a category that was
    not seen in training. Customary bounds are 0.10 and 0.25 (Siddiqi 2006, "Credit Risk Scorecards"). Without
    any drift the index is (1/n + 1/m) times a chi-squared figure of pieces - 1 degrees of freedom (Yurdakul &
    Naranjo 2020, Journal of Risk Model Validation 14): its mean is taken off before the bounds are held
    against it, and no feature counts as drifted below the limit that chance reaches. Customers who are in
    both snapshots make chance smaller than that, so the limit is on the safe side.

    The model should be fitted again where one feature drifted much, or a fifth of them some.

    Examples
    --------
    >>> before = pd.DataFrame({"fee": np.arange(1000) % 100})
    >>> measure_drift(before, before + 40).refit
    True
    """
    _check(training, scoring, bins)
    limit_error = ERROR / max(training.shape[1], 1)
    rows, pieces = [], []
    for name in training.columns:
        shares = piece_shares(training[name], scoring[name], bins=bins)
        found = _judge(shares, sizes=(len(training), len(scoring)), error=limit_error)
        rows.append({"feature": str(name), **found})
        pieces.append(shares.reset_index().assign(feature=str(name)))
    table = pd.DataFrame(
        rows, columns=["feature", "psi", "chance", "drift", "limit", "verdict", "reason"]
    ).sort_values("drift", ascending=False, kind="stable", ignore_index=True)
    listed = pd.concat(pieces, ignore_index=True) if pieces else pd.DataFrame(columns=["feature", "piece"])
    refit, verdict = _conclude(table.assign(feature=in_words(table["feature"], label)))
    return Drift(
        table, listed.reindex(columns=["feature", "piece", "training", "scoring", "part"]), refit, verdict
    )


def piece_shares(training: pd.Series, scoring: pd.Series, *, bins: int = BINS) -> pd.DataFrame:
    """Return the share of rows in each piece of a feature, in both snapshots.

    Parameters
    ----------
    training, scoring : Series
        Numbers, dates, flags, categories or text.
    bins : int
        Pieces of a numeric feature.

    Returns
    -------
    DataFrame
        Indexed by piece, only those that either snapshot has: training, scoring (shares of rows, with half a
        row added), part (of the index).

    Examples
    --------
    >>> shares = piece_shares(pd.Series(["a", "b"]), pd.Series(["a", None]))
    >>> shares["part"].round(3).to_dict()
    {'a': 0.0, 'b': 0.314, 'missing': 0.314}
    """
    pair = _as_numbers(training, scoring)
    if pair is not None and len(np.unique(pair[0][~np.isnan(pair[0])])) > bins:
        counts = _count_numbers(*pair, bins=bins)
    else:
        counts = _count_categories(training, scoring)
    counts = counts[counts.sum(axis=1) > 0]
    shares = (counts + 0.5) / (counts.sum() + 0.5 * len(counts))
    part = (shares["scoring"] - shares["training"]) * np.log(shares["scoring"] / shares["training"])
    return shares.assign(part=part).rename_axis("piece")


def _check(training: pd.DataFrame, scoring: pd.DataFrame, bins: int) -> None:
    for name, frame in (("training", training), ("scoring", scoring)):
        if len(frame) == 0:
            raise ValueError(f"The {name} snapshot has no row: no drift can be read. Choose another as_of.")
    lacking = [str(name) for name in training.columns if name not in scoring.columns]
    if lacking:
        raise ValueError(
            f"The scoring snapshot lacks {', '.join(lacking)}; it has "
            f"{', '.join(map(str, scoring.columns))}. Make both with the same settings."
        )
    if bins < 2:
        raise ValueError(f"bins is {bins}; give at least 2.")


def _as_numbers(training: pd.Series, scoring: pd.Series) -> tuple[Floats, Floats] | None:
    """Return both as floats where both are numbers, or both dates; flags are categories."""
    if all(pd.api.types.is_datetime64_any_dtype(one) for one in (training, scoring)):
        start = training.min()
        training, scoring = ((one - start) / pd.Timedelta(days=1) for one in (training, scoring))
    if any(
        pd.api.types.is_bool_dtype(one) or not pd.api.types.is_numeric_dtype(one)
        for one in (training, scoring)
    ):
        return None
    before, after = (one.to_numpy(dtype=float, na_value=np.nan) for one in (training, scoring))
    return before, after


def _count_numbers(before: Floats, after: Floats, *, bins: int) -> pd.DataFrame:
    known = before[np.isfinite(before)]
    # values that were there, never between two: a number that many share is not cut in half
    edges = np.unique(np.quantile(known, np.arange(1, bins) / bins, method="inverted_cdf"))
    ends = [f"{edge:.6g}" for edge in edges]
    names = [f"up to {end}" for end in ends] + [f"above {ends[-1]}", MISSING]

    def count(values: Floats) -> npt.NDArray[np.int64]:
        place = np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="left"))
        return np.bincount(place, minlength=len(names))

    names[1:-2] = [f"above {low} up to {high}" for low, high in pairwise(ends)]
    return pd.DataFrame({"training": count(before), "scoring": count(after)}, index=names)


def _count_categories(training: pd.Series, scoring: pd.Series) -> pd.DataFrame:
    before, after = (_as_names(one) for one in (training, scoring))
    seen = before.value_counts()
    rare = set(seen.index[CATEGORIES:]) if len(seen) > CATEGORIES + 1 else set()
    known = {*seen.index, MISSING}

    def count(names: pd.Series) -> pd.Series:
        times = names.value_counts()
        pieces = [RARE if name in rare else name if name in known else UNSEEN for name in times.index]
        return times.groupby(pieces).sum()

    counts = pd.DataFrame({"training": count(before), "scoring": count(after)})
    return counts.fillna(0.0)


def _as_names(column: pd.Series) -> pd.Series:
    """Return categories as text: 1, 1.0 and "1" are the same, and a missing value has a name."""

    def name(one: object) -> str:
        if isinstance(one, bool | np.bool_):
            return str(int(one))
        return f"{one:.6g}" if isinstance(one, int | float | np.number) else str(one)

    codes, different = pd.factorize(column)  # a missing value has the code -1
    names = np.array([*map(name, different), MISSING], dtype=object)
    return pd.Series(names[codes], index=column.index, dtype=object)


def _judge(shares: pd.DataFrame, *, sizes: tuple[int, int], error: float) -> dict[str, object]:
    freedom = len(shares) - 1
    rows = 1.0 / sizes[0] + 1.0 / sizes[1]
    psi, chance = float(shares["part"].sum()), freedom * rows
    limit = float(chdtri(freedom, error)) * rows if freedom > 0 else 0.0
    drift = max(psi - chance, 0.0)
    if psi <= limit:
        # nothing seen; with few rows even much drift would not be
        verdict = "too few rows" if limit - chance > MUCH else "steady"
    else:
        verdict = "much drift" if drift >= MUCH else "some drift" if drift >= SOME else "steady"
    reason = ""
    if verdict.endswith("drift"):
        most = int(shares["part"].to_numpy(dtype=float).argmax())
        before, after = shares["training"].iloc[most], shares["scoring"].iloc[most]
        reason = f"{shares.index[most]}: {before:.1%} of rows in training, {after:.1%} now"
    return {
        "psi": psi,
        "chance": chance,
        "drift": drift,
        "limit": limit,
        "verdict": verdict,
        "reason": reason,
    }


def _conclude(table: pd.DataFrame) -> tuple[bool, str]:
    much, some = (
        table[table["verdict"] == name]["feature"].tolist() for name in ("much drift", "some drift")
    )
    blind = int((table["verdict"] == "too few rows").sum())
    unsure = f" Of {blind} of {len(table)} features there are too few rows to tell." if blind else ""
    if much:
        return True, f"Fit the model again: {_join(much)} drifted much.{unsure}"
    if some and len(some) >= REFIT_SHARE * len(table):
        return True, (
            f"Fit the model again: {len(some)} of {len(table)} features drifted ({_join(some)}).{unsure}"
        )
    if some:
        return False, f"Keep the model, and watch {_join(some)}: there is some drift.{unsure}"
    if blind:
        return False, f"No drift was seen.{unsure}"
    return False, "Keep the model: its features are steady."


def _join(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} others" if len(names) > 5 else "")
