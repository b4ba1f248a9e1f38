"""Which simulated sets can a study name? They are made in the cache, once, and never fetched."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Simulated:
    """Tables of the simulated operator, with its settings as they come.

    Attributes
    ----------
    customers : int
        How many.
    seed : int
        Same seed, same tables.
    tables : tuple of str
        The tables that there are.
    """

    customers: int
    seed: int
    tables: tuple[str, ...]

    @property
    def key(self) -> str:
        """What the tables depend on, as a hash: size, seed, and the code that makes them."""
        digest = hashlib.sha256(f"{self.customers} {self.seed}".encode())
        for file in sorted((Path(__file__).parent / "operator").glob("*.py")):
            digest.update(file.read_bytes())
        return digest.hexdigest()[:16]

    def make(self, folder: Path) -> list[Path]:
        """Make the tables, where they are not there yet.

        Parameters
        ----------
        folder : Path
            For this set alone; it is made.

        Returns
        -------
        list of Path
            One Parquet file a table.
        """
        if not folder.is_dir():
            # imported here, so that naming the set costs nothing
            from cxmodels.datasets.operator import write_operator

            folder.parent.mkdir(parents=True, exist_ok=True)
            unfinished = Path(tempfile.mkdtemp(prefix=f"{folder.name}-", dir=folder.parent))
            try:
                write_operator(unfinished, self.customers, seed=self.seed)
                unfinished.chmod(0o755)
                unfinished.rename(folder)
            except OSError:
                # several runs may make it at once: the first one's folder stays
                if not folder.is_dir():
                    raise
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)
        return [folder / f"{table}.parquet" for table in self.tables]


NORDTEL = Simulated(
    customers=20_000,
    seed=20250101,
    tables=("transactions", "contracts", "contacts", "surveys", "events", "treatments", "customers"),
)
"""The operator of the study `nordtel`; `simulate_operator` with its customers and seed has the truth."""
