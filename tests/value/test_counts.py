import numpy as np
import pandas as pd
import pytest

from cxmodels.datasets.purchases import PurchaseTruth, simulate_histories
from cxmodels.value.counts import coarsen, count_exactly


def histories(customers, *, seed=3):
    rng = np.random.default_rng(seed)
    age = np.floor(rng.uniform(1, 700, customers))
    frame = simulate_histories(PurchaseTruth(), age, rng=rng)
    return frame.assign(recency=np.ceil(frame.recency))


def test_same_histories_share_a_cell_and_nothing_is_lost():
    summary = pd.DataFrame(
        {"frequency": [0, 2, 0, 2], "recency": [0.0, 3.0, 0.0, 4.0], "T": [5.0, 5.0, 5.0, 5.0]}
    )
    counts = coarsen(count_exactly(summary))
    assert counts.weights.tolist() == [2.0, 1.0, 1.0]
    assert counts.recency.tolist() == [0.0, 3.0, 4.0]


def test_cells_do_not_depend_on_the_order_of_customers():
    summary = histories(500)
    shuffled = summary.sample(frac=1.0, random_state=1)
    for field in ("frequency", "recency", "T", "weights"):
        np.testing.assert_array_equal(
            getattr(coarsen(count_exactly(summary)), field), getattr(coarsen(count_exactly(shuffled)), field)
        )


def test_joined_cells_keep_customers_purchases_and_mean_times():
    summary = histories(20_000)
    counts = coarsen(count_exactly(summary), cells=800)
    assert 200 < counts.cells < 1_600
    assert counts.customers == 20_000
    assert (counts.weights * counts.frequency).sum() == summary.frequency.sum()
    assert (counts.weights * counts.recency).sum() == pytest.approx(summary.recency.sum())
    assert (counts.weights * counts.T).sum() == pytest.approx(summary["T"].sum())
    assert set(np.unique(counts.frequency)) == set(summary.frequency.astype(float))
    assert (counts.recency <= counts.T).all()


def test_coarsening_counts_leaves_few_cells_alone():
    counts = coarsen(count_exactly(histories(300)))
    assert coarsen(counts, cells=300) is counts
    assert coarsen(counts, cells=50).customers == 300


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"frequency": [1.5]}, "not whole"),
        ({"frequency": [-1.0]}, "negative"),
        ({"recency": [9.0]}, "recency below 0 or above T"),
        ({"frequency": [0], "recency": [2.0]}, "without a repeat purchase"),
        ({"T": [np.nan]}, "missing or infinite"),
    ],
)
def test_contradicting_histories_are_refused_with_the_row(changed, message):
    good = {"frequency": [2], "recency": [3.0], "T": [5.0]}
    with pytest.raises(ValueError, match=message):
        coarsen(count_exactly(pd.DataFrame({**good, **changed})))


def test_no_customer_at_all_is_refused():
    with pytest.raises(ValueError, match="no customer"):
        coarsen(count_exactly(pd.DataFrame({"frequency": [], "recency": [], "T": []})))
