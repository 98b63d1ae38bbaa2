"""The rows to choose from, of a model, of its predictions, or of annotations alone."""

import os
from pathlib import Path, PurePath
from typing import Any

import pandas as pd

from videoqa._checks import Refusal
from videoqa._manifest import MANIFEST, file_sha256, read_json
from videoqa.labeling.candidate_rows import Candidate, read_candidates
from videoqa.saving import CONFIG


def source_rows(
    source: str | os.PathLike[str] | pd.DataFrame | None,
    data: str | os.PathLike[str] | pd.DataFrame | None,
    videos: str | os.PathLike[str] | None,
) -> tuple[list[Candidate], dict[str, Any]]:
    """Return the rows, and what is known of the model that answered them.

    That is its "model" and "model_sha256", "" if unknown, and "sampling", if its configuration is there.

    Args:
        source: a model's folder, its predictions, or None.
        data: annotations; with a model's folder the rows that it answers.
        videos: folder of the videos.
    """
    about: dict[str, Any] = {"model": "", "model_sha256": ""}
    if source is None:
        if data is None:
            raise Refusal(
                "data", "name annotations where neither a model nor its predictions are given", None
            )
        return read_candidates(data, videos), about
    if isinstance(source, pd.DataFrame) or not Path(source).is_dir():
        if data is not None:
            advice = "Name the model's folder as well as --data, or its predictions alone."
            raise Refusal("data", "be left out beside a file of predictions", data, advice)
        if not isinstance(source, pd.DataFrame):
            about |= {"model": PurePath(source).parent.name, **_sampling(Path(source).parent)}
        return read_candidates(source, videos), about
    if (Path(source) / MANIFEST).is_file():
        about = {"model": Path(source).absolute().name, "model_sha256": file_sha256(Path(source) / MANIFEST)}
        about |= _sampling(Path(source))
    return read_candidates(_answered(source, data, videos), videos), about


def _sampling(folder: Path) -> dict[str, Any]:
    """Return "sampling" of the model in a folder; nothing of another folder."""
    if not (folder / MANIFEST).is_file() or not (folder / CONFIG).is_file():
        return {}
    return {"sampling": read_json(folder / CONFIG).get("sampling", {})}


def _answered(model: Any, data: Any, videos: Any) -> pd.DataFrame:
    """Return a model's predictions for annotated rows, with the annotated answers."""
    from videoqa.answering.ask import load
    from videoqa.answering.predict import predict
    from videoqa.data.annotations import read_questions

    loaded = load(model)
    table = predict(loaded, videos, data=data)
    if data is not None:
        asked = read_questions(data, videos, task=loaded.task)
        table = table.assign(truth=asked["answer"].tolist(), question_type=asked["question_type"].tolist())
    return table
