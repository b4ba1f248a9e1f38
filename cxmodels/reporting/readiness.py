"""What does `cxmodels check` print? What is there, what is wrong, and which questions can be answered."""

from __future__ import annotations

import sys
from typing import TextIO

from cxmodels.datasets.catalogue import list_datasets
from cxmodels.study import Study
from cxmodels.tables import open_tables
from cxmodels.tables.answerable import questions
from cxmodels.tables.slips import find_slips


def print_readiness(study: Study, *, stream: TextIO | None = None) -> None:
    """Read a study's tables through the door and print what came of it.

    Parameters
    ----------
    study : Study
        With overrides applied.
    stream : file, optional
        Where to print; standard output by default.

    Raises
    ------
    cxmodels.tables.DataError
        When a table cannot be read, or more than the stated share of its rows is bad.
    """
    stream = stream or sys.stdout
    tables = open_tables(study)
    print(f"{study.title}, as of {study.as_of}", file=stream)
    for sentence in tables.report.sentences:
        print(f"  {sentence}", file=stream)
    if "transactions" in tables:
        alone = find_slips(tables.transactions, as_of=study.as_of, settings=study.value)
        for note, cure in ((alone.note, alone.cure), (alone.unknown, "Correct value.large_customers.")):
            if note:
                print(f"  transactions: {note} {cure}", file=stream)
    print("Questions:", file=stream)
    for row in questions(tables, study).to_dict("records"):
        mark = "yes" if row["answerable"] else "no "
        place = f" ({row['notebook']})" if row["notebook"] else ""
        print(f"  {mark}  {row['question']}{place}", file=stream)
        if row["why"]:
            print(f"       {row['why']}", file=stream)


def print_catalogue(*, stream: TextIO | None = None) -> None:
    """Print the public data sets: name, whether a download is needed, title and licence."""
    stream = stream or sys.stdout
    datasets = list_datasets()
    width = int(datasets["name"].str.len().max())
    for row in datasets.to_dict("records"):
        place = "here" if row["here"] else "to be fetched"
        print(f"{row['name']:<{width}}  {place:<13}  {row['title']}. Licence: {row['licence']}.", file=stream)
