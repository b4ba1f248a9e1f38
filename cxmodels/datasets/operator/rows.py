"""How are several things of one kind kept? As arrays of one length: some can be taken, or put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Self

import numpy as np

from cxmodels.datasets.operator.draws import Flags, Ints


class Rows:
    """A dataclass whose fields are arrays of one length."""

    def some(self, which: Ints | Flags) -> Self:
        """Return some of the rows, by position or flag."""
        own: Any = self
        return type(self)(**{field.name: getattr(self, field.name)[which] for field in fields(own)})

    @classmethod
    def together(cls, parts: Sequence[Self]) -> Self:
        """Put rows together, in the order given."""
        own: Any = cls
        return cls(**{f.name: np.concatenate([getattr(one, f.name) for one in parts]) for f in fields(own)})


def one_each(counts: Ints) -> tuple[Ints, Ints]:
    """Return a row for each thing counted: whose it is, and which of theirs.

    Examples
    --------
    >>> who, which = one_each(np.array([0, 2, 1]))
    >>> who.tolist(), which.tolist()
    ([1, 1, 2], [0, 1, 0])
    """
    who = np.repeat(np.arange(len(counts)), counts)
    return who, np.arange(len(who)) - np.repeat(np.cumsum(counts) - counts, counts)
