"""How is each feature called where people read of it?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cxmodels.experience.signal import Signal

CONTRACT_WORDS = {
    "tenure_days": "days as a customer",
    "bound_days_left": "days until the binding ends (0: it has ended)",
    "months_since_bound": "months since the binding ended (0: still bound)",
}


def feature_words(names: Iterable[str], signals: Iterable[Signal] = ()) -> dict[str, str]:
    """Return words for each feature, such as ``outages in 90 days``.

    Parameters
    ----------
    names : iterable of str
        Features; what is neither of contracts nor a signal gets its own name, underscores made blanks.
    signals : iterable of Signal

    Examples
    --------
    >>> feature_words(["tenure_days", "monthly_fee"])
    {'tenure_days': 'days as a customer', 'monthly_fee': 'monthly fee'}
    """
    words = CONTRACT_WORDS | {signal.name: signal.label for signal in signals}
    return {name: words.get(name, name.replace("_", " ")) for name in names}


def in_words(names: Iterable[str], label: Mapping[str, str] | None = None) -> list[str]:
    """Return how each name is called in `label`, or else by `feature_words`."""
    every = list(names)
    words = feature_words(every) | dict(label or {})
    return [words[name] for name in every]
