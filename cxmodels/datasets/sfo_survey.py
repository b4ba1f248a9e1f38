"""How is the San Francisco airport's survey of 2017 read? As answers, one row each, blanks left out."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

RATED = {
    "Q7ART": "art and exhibitions",
    "Q7FOOD": "restaurants",
    "Q7STORE": "shops",
    "Q7SIGN": "signs inside",
    "Q7WALKWAYS": "escalators, lifts and walkways",
    "Q7SCREENS": "information on screens",
    "Q7INFODOWN": "information desks at arrivals",
    "Q7INFOUP": "information desks at departures",
    "Q7WIFI": "Wi-Fi",
    "Q7ROADS": "signs on the roads",
    "Q7PARK": "parking",
    "Q7AIRTRAIN": "AirTrain",
    "Q7LTPARKING": "shuttle to long-term parking",
    "Q7RENTAL": "rental car centre",
    "Q9BOARDING": "cleanliness of boarding areas",
    "Q9AIRTRAIN": "cleanliness of AirTrain",
    "Q9RENTAL": "cleanliness of the rental car centre",
    "Q9FOOD": "cleanliness of restaurants",
    "Q9RESTROOM": "cleanliness of restrooms",
    "Q10SAFE": "feeling safe",
    "Q13GETRATE": "getting to the airport",
    "Q14FIND": "finding the way",
    "Q14PASSTHRU": "passing security",
}
RECOMMENDS = "NETPRO"
MONTH = "2017-05"  # assumed: the file gives the day of the month alone
LANGUAGES = {1: "en", 2: "es", 3: "zh", 4: "ja"}


def write_sfo_survey(original: Path, target: Path) -> None:
    """Turn the published file into Parquet: one row for each answer of each passenger.

    Parameters
    ----------
    original : Path
        The published CSV file, one line a passenger, with codes.
    target : Path
        The Parquet file to write: customer_id (the respondent's number), sent_at and answered_at (the day of
        the interview), metric (``csat`` for ratings from 1 to 5, ``nps`` from 0 to 10), touchpoint, score,
        language. Codes that are no answer (0: blank and 6: never used, of a rating; 11, of `NETPRO`) have no
        row. Ratings of the airport or its cleanliness as a whole are left out: they rate no touchpoint.
    """
    frame = pd.read_csv(original)
    day = pd.to_datetime(MONTH + "-" + frame["INTDATE"].astype(str).str.zfill(2))
    who = pd.DataFrame(
        {
            "customer_id": frame["RESPNUM"].astype(str).str.zfill(4),
            "sent_at": day,
            "answered_at": day,
            "language": frame["LANG"].map(LANGUAGES),
        }
    )
    parts = [
        who.assign(metric="csat", touchpoint=words, score=frame[code]).loc[frame[code].between(1, 5)]
        for code, words in RATED.items()
    ]
    recommends = frame[RECOMMENDS].between(0, 10)
    parts.append(who.assign(metric="nps", touchpoint=None, score=frame[RECOMMENDS]).loc[recommends])
    answers = pd.concat(parts, ignore_index=True).astype({"score": float})
    answers.sort_values(["customer_id", "metric", "touchpoint"]).to_parquet(target, index=False)
