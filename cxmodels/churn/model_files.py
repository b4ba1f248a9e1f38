"""How does a churn model outlive its session? As LightGBM text and JSON in a folder: no pickle.

The only module of this room that touches files: no later one knows what a model is made of.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from cxmodels.churn.calibration import Calibration
from cxmodels.churn.encoding import Encoding
from cxmodels.churn.model import ChurnModel
from cxmodels.churn.refits import Refits

if TYPE_CHECKING:
    import lightgbm

    from cxmodels.churn.card import ModelCard

MODEL, DESCRIPTION, REFIT, CARD = "model.txt", "model.json", "refit-{:03d}.txt", "card.json"


def save_churn_model(model: ChurnModel, folder: str | Path, *, card: ModelCard | None = None) -> None:
    """Write a model: ``model.txt``, ``refit-NNN.txt`` (LightGBM text) and ``model.json`` (all else).

    Parameters
    ----------
    model : ChurnModel
    folder : str or Path
        Made where it is not there. The description is written last: a folder without it holds no model.
    card : ModelCard, optional
        Written beside it, as ``card.json``.
    """
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    (place / DESCRIPTION).unlink(missing_ok=True)
    _write(model.booster, place / MODEL)
    if card is not None:
        (place / CARD).write_text(card.to_json(), encoding="utf-8")
    for number, booster in enumerate(model.refits.boosters):
        _write(booster, place / REFIT.format(number))
    described = {
        "encoding": model.encoding.to_dict(),
        "calibration": model.calibration.to_dict(),
        "settings": dict(model.settings),
        # JSON has no NaN, which stands for what was not tried
        "searched": model.searched.astype(object).where(model.searched.notna(), None).to_dict(orient="list"),
        "origin": dict(model.origin),
        "refits": {
            "count": len(model.refits.boosters),
            "scale": model.refits.scale,
            "widening": model.refits.widening,
        },
    }
    (place / DESCRIPTION).write_text(
        json.dumps(described, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8"
    )


def read_churn_model(folder: str | Path) -> ChurnModel:
    """Read a model that `save_churn_model` wrote.

    Parameters
    ----------
    folder : str or Path

    Returns
    -------
    ChurnModel
        It predicts what the saved one did.

    Raises
    ------
    ValueError
        Where the folder holds no complete model.
    """
    place = Path(folder)
    if not (place / DESCRIPTION).is_file() or not (place / MODEL).is_file():
        raise ValueError(
            f"{place} holds no churn model: {DESCRIPTION} and {MODEL} are needed. Save one there."
        )
    described = json.loads((place / DESCRIPTION).read_text(encoding="utf-8"))
    refits = described["refits"]
    lacking = [name for name in map(REFIT.format, range(refits["count"])) if not (place / name).is_file()]
    if lacking:
        raise ValueError(f"{place} lacks {', '.join(lacking)} of its churn model; save the model again.")
    return ChurnModel(
        encoding=Encoding.from_dict(described["encoding"]),
        booster=_read(place / MODEL),
        calibration=Calibration.from_dict(described["calibration"]),
        refits=Refits(
            tuple(_read(place / REFIT.format(number)) for number in range(refits["count"])),
            refits["scale"],
            refits["widening"],
        ),
        settings=described["settings"],
        searched=pd.DataFrame(described["searched"]).astype({"log_loss": float}),
        origin=described["origin"],
    )


def _write(booster: lightgbm.Booster, file: Path) -> None:
    file.write_text(booster.model_to_string(), encoding="utf-8")


def _read(file: Path) -> lightgbm.Booster:
    import lightgbm

    return lightgbm.Booster(model_str=file.read_text(encoding="utf-8"))
