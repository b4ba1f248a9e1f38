"""What is wrong with the data, said so that it can be cured."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class DataError(ValueError):
    """Data that cannot be used: the message names the file or table, the defect, and the cure."""


def nearest_names(word: str, names: Iterable[str], *, count: int = 3) -> str:
    """Return ``"; nearest: 'a', 'b'"`` for the most alike names, or nothing where none is alike.

    Examples
    --------
    >>> nearest_names("CustomerId", ["customer id", "Country"])
    "; nearest: 'customer id'"
    """
    folded = {name.casefold(): name for name in names}
    close = difflib.get_close_matches(word.casefold(), folded, n=count, cutoff=0.5)
    return f"; nearest: {', '.join(repr(folded[name]) for name in close)}" if close else ""
