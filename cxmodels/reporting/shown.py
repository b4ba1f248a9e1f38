"""What does a cell of a notebook show of an answer, or of a section that is left out?"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Answer:
    """A few sentences, shown as a box in a notebook."""

    sentences: tuple[str, ...]

    def __str__(self) -> str:
        """Give the sentences, one after the other."""
        return " ".join(self.sentences)

    def _repr_html_(self) -> str:
        """Show the sentences; what comes from data is escaped."""
        lines = "".join(f"<p>{escape(sentence)}</p>" for sentence in self.sentences)
        return f'<div class="answer">{lines}</div>'


@dataclass(frozen=True)
class LeftOut:
    """Why a section of a notebook shows nothing. The page leaves out what follows, up to the next section."""

    reason: str

    def __str__(self) -> str:
        """Give the reason."""
        return self.reason

    def _repr_html_(self) -> str:
        """Show the reason; what comes from data is escaped."""
        return f'<p class="left-out">{escape(self.reason)}</p>'
