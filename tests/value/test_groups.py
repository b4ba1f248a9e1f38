"""Who is in which group, and what a group adds up to."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cxmodels.value.groups import group_customers

CUSTOMERS = pd.DataFrame(index=["c0", "c1", "c2"])
EACH = np.array([1.0, 2.0, 4.0])


def test_without_groups_all_are_one():
    found = group_customers(CUSTOMERS, None)
    assert (found.names.tolist(), found.sizes.tolist(), found.sum(EACH).tolist()) == (["all"], [3], [7.0])


@pytest.mark.parametrize(
    "groups",
    [
        pd.Series(["b", "a", "b"]),
        pd.Series(["b", "a", "b"], index=CUSTOMERS.index),
        pd.Series(["b", "b", "a"], index=["c2", "c0", "c1"]),
    ],
    ids=["in order", "on the index", "on the index, in another order"],
)
def test_groups_are_sorted_and_go_by_the_index_or_by_order(groups):
    found = group_customers(CUSTOMERS, groups)
    assert (found.names.tolist(), found.sizes.tolist()) == (["a", "b"], [1, 2])
    assert found.sum(EACH).tolist() == [2.0, 5.0]


@pytest.mark.parametrize(
    ("groups", "told"), [(["a", "b"], "groups has 2 rows and the table 3"), (["a", None, "b"], "1 customers")]
)
def test_a_customer_without_a_group_is_refused(groups, told):
    with pytest.raises(ValueError, match=told):
        group_customers(CUSTOMERS, pd.Series(groups))
