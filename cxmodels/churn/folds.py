"""Who is learned from, and who is only foretold? Customers parted by a hash of their id, dates by plan."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np
import pandas as pd

from cxmodels.churn.dates import Stage
from cxmodels.churn.labels import read_labels
from cxmodels.value.counts import Floats

APART = 0.25  # of the other customers, to calibrate on where there is no date for it


@dataclass(frozen=True)
class Frames:
    """Snapshots to learn from, to calibrate on, and to foretell.

    Attributes
    ----------
    train, calibrate : DataFrame
        Rows with a label; a model learns from the first, and is calibrated on the second.
    evaluate : DataFrame
        In a test, customers of whom no row is in the others; otherwise everybody to be scored.
    notes : tuple of str
        How customers and dates were parted.
    """

    train: pd.DataFrame = field(repr=False)
    calibrate: pd.DataFrame = field(repr=False)
    evaluate: pd.DataFrame = field(repr=False)
    notes: tuple[str, ...]


def hashed_places(customer_id: pd.Series) -> Floats:
    """Return a place from 0 to 1 for each customer, always the same, as good as drawn at random.

    Parameters
    ----------
    customer_id : Series of str, shape (rows,)

    Returns
    -------
    ndarray of float, shape (rows,)

    Examples
    --------
    >>> hashed_places(pd.Series(["007", "7", "007"])).round(3).tolist()
    [0.286, 0.904, 0.286]
    """
    codes, ids = pd.factorize(customer_id)
    digests = b"".join(blake2b(str(one).encode(), digest_size=8).digest() for one in ids)
    # 53 bits are what a float holds: places stay below 1
    places = (np.frombuffer(digests, dtype=">u8") >> np.uint64(11)) / 2.0**53
    return np.asarray(places[codes], dtype=float)


def part_frames(
    table: pd.DataFrame, stage: Stage | None, *, test_share: float = 0.2, turn: int = 0
) -> Frames:
    """Part snapshots by date and by customer.

    Parameters
    ----------
    table : DataFrame
        Snapshots: customer_id, as_of, churned and features.
    stage : Stage or None
        The dates; None for data without dates.
    test_share : float
        Share of the customers who are only foretold; 0: everybody is learned from and foretold.
    turn : int
        Which customers these are: turns 0, 1, 2, … take one share after the other, so that 1 / `test_share`
        turns foretell everybody once.

    Returns
    -------
    Frames

    Raises
    ------
    ValueError
        Where the share is not from 0 to below 1, a frame is empty, or nobody or everybody left in those to
        learn from or to calibrate on.

    Notes
    -----
    Where a later date calibrates, it does so on the customers who are learned from: so it is when today's
    customers are scored. Where there is none, a quarter of them is kept apart for it.
    """
    if not 0.0 <= test_share < 1.0:
        raise ValueError(f"test_share is {test_share}; give a share of the customers from 0 to below 1.")
    place = (hashed_places(table["customer_id"]) - turn * test_share) % 1.0
    tested = place < test_share
    day = table["as_of"].to_numpy()
    known = table["churned"].notna().to_numpy()
    everywhere = np.full(len(table), True)
    learned = everywhere if stage is None else np.isin(day, np.array(stage.train, dtype="datetime64[ns]"))
    evaluated = everywhere if stage is None else day == np.datetime64(stage.evaluate, "ns")
    if stage is None or stage.calibrate is None:
        apart = place >= 1.0 - APART * (1.0 - test_share)
        train, calibrate = learned & ~apart, learned & apart
        how = f"calibrated on {APART:.0%} of the other customers, kept apart for it"
    else:
        train, calibrate = learned, day == np.datetime64(stage.calibrate, "ns")
        how = f"calibrated on {stage.calibrate}"
    frames = {
        "to learn from": table[train & known & ~tested],
        "to calibrate on": table[calibrate & known & ~tested],
        "to foretell": table[evaluated & (tested if test_share else everywhere)],
    }
    _check(frames)
    learn, later, foretell = (frame.reset_index(drop=True) for frame in frames.values())
    return Frames(learn, later, foretell, (_said(frames, test_share=test_share, how=how),))


def _check(frames: dict[str, pd.DataFrame]) -> None:
    for name, frame in frames.items():
        if frame.empty:
            raise ValueError(
                f"There is no row {name}: too few customers for this share of them, or none on these dates."
            )
        if name != "to foretell":
            try:
                read_labels(frame["churned"])
            except ValueError as error:
                raise ValueError(f"Of the rows {name}: {error}") from None


def _said(frames: dict[str, pd.DataFrame], *, test_share: float, how: str) -> str:
    learn, _, foretell = frames.values()
    rows = f"Learned from {len(learn):,} rows of {learn['customer_id'].nunique():,} customers, {how}"
    who = f"{foretell['customer_id'].nunique():,} customers"
    if not test_share:
        return f"{rows}; foretold for all {who}."
    return f"{rows}; tested on {who} of whom nothing was learned."
