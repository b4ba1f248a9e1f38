"""How are many seeds run? Side by side, each kept when it is done, so that a run that was cut goes on."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
MADE_BY = "made_by"

Found = dict[str, Any]


def run_seeds(
    work: Callable[[int], Found], seeds: Iterable[int], *, folder: Path, processes: int = 1
) -> list[Found]:
    """Return what was found for each seed, in their order; what is kept of the same code is not made anew.

    Parameters
    ----------
    work
        Makes the figures of a seed: names with what JSON can hold. With several processes it must be known
        by name to the others: a function of a module, or a `functools.partial` of one.
    seeds
        Which.
    folder
        Where each is kept, as ``<seed>.json``.
    processes
        How many seeds at a time.
    """
    folder.mkdir(parents=True, exist_ok=True)
    one = partial(_run, work, folder=folder, code=code_of(ROOT))
    if processes <= 1:
        return [one(seed) for seed in seeds]
    # a fork would take over threads of the engines in a state that nobody knows
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=spawn, initializer=_fit_alone) as pool:
        return list(pool.map(one, seeds))


def _fit_alone() -> None:
    """Keep a process that stands beside others from starting more to fit in."""
    os.environ["LOKY_MAX_CPU_COUNT"] = "1"


def code_of(root: Path) -> str:
    """Return a fingerprint of all that figures are made by: package, benchmarks and studies."""
    sources = [*root.glob("cxmodels/**/*.py"), *root.glob("benchmarks/*.py"), *root.glob("data/*/study.toml")]
    seen = hashlib.blake2b(digest_size=8)
    for path in sorted(sources):
        seen.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return seen.hexdigest()


def _run(work: Callable[[int], Found], seed: int, *, folder: Path, code: str) -> Found:
    path = folder / f"{seed}.json"
    if not path.exists() or json.loads(path.read_text(encoding="utf-8"))[MADE_BY] != code:
        whole = json.dumps({MADE_BY: code, **work(seed)}, default=lambda number: number.item(), indent=1)
        begun = path.with_suffix(f".{os.getpid()}")
        begun.write_text(whole, encoding="utf-8")
        begun.replace(path)  # whole, or not there
    found: Found = json.loads(path.read_text(encoding="utf-8"))
    del found[MADE_BY]
    return found
