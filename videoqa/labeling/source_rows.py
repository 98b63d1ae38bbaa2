"""The rows to choose from, of a model, of its predictions, or of annotations alone."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from videoqa._checks import Refusal, check_file
from videoqa._manifest import MANIFEST, file_sha256, read_json
from videoqa.labeling.candidate_rows import Candidate, annotated_table, read_candidates, read_videos
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
        data: annotations; with a model's folder the rows that it answers; None without a model: each video
            of `videos`.
        videos: folder of the videos.
    """
    about: dict[str, Any] = {"model": "", "model_sha256": ""}
    if source is None:
        if data is None and videos is not None:
            return read_videos(videos), about
        if data is None:
            requirement = "name annotations, or `videos` a folder, where nothing of a model is given"
            raise Refusal("data", requirement, None)
        return read_candidates(data, videos), about
    if isinstance(source, pd.DataFrame) or not Path(source).is_dir():
        if not isinstance(source, pd.DataFrame):
            check_file(
                "source", source, "It is a model's folder, or the CSV file that predict or evaluate wrote."
            )
        if data is not None:
            advice = "Name the model's folder as well as --data, or its predictions alone."
            raise Refusal("data", "be left out beside a file of predictions", data, advice)
        return _predicted(source, videos)
    if (Path(source) / MANIFEST).is_file():
        about = _model(Path(source))
    return read_candidates(_answered(source, data, videos), videos), about


def _predicted(source: Any, videos: Any) -> tuple[list[Candidate], dict[str, Any]]:
    """Return the rows of predictions, and which model's they are if that is known."""
    rows = read_candidates(source, videos, name="source")
    if isinstance(source, pd.DataFrame):
        return rows, {"model": "", "model_sha256": ""}
    path = Path(source)
    scores = path.with_name("metrics.json")  # evaluate writes both
    if scores.is_file():
        about = read_json(scores)
        if isinstance(about.get("model"), str) and isinstance(about.get("model_sha256"), str):
            split, folder = str(about.get("split", "")), Path(about["model"])
            rows = [replace(row, split=row.split or split) for row in rows]
            known = {"model": folder.name, "model_sha256": about["model_sha256"]}
            return rows, known | (_sampling(folder) if _is_model(folder, known["model_sha256"]) else {})
    if _is_model(path.parent):
        return rows, _model(path.parent)
    return rows, {"model": path.name, "model_sha256": ""}


def _is_model(folder: Path, sha256: str | None = None) -> bool:
    manifest = folder / MANIFEST
    return manifest.is_file() and sha256 in (None, file_sha256(manifest))


def _model(folder: Path) -> dict[str, Any]:
    """Return the name and the manifest's hash of a model folder, and how it samples clips."""
    about = {"model": folder.absolute().name, "model_sha256": file_sha256(folder / MANIFEST)}
    return about | _sampling(folder)


def _sampling(folder: Path) -> dict[str, Any]:
    """Return "sampling" of the model in a folder; nothing where its options are missing."""
    path = folder / CONFIG
    return {"sampling": read_json(path).get("sampling", {})} if path.is_file() else {}


def _answered(model: Any, data: Any, videos: Any) -> pd.DataFrame:
    """Return a model's predictions for annotated rows, with the annotated answers."""
    from videoqa.answering.ask import load
    from videoqa.answering.predict import predict

    loaded = load(model)
    table = predict(loaded, videos, data=data)
    if data is not None:
        asked = annotated_table(data, videos)
        table = table.assign(truth=asked["answer"].tolist())
        table = table.assign(**{name: asked[name].tolist() for name in ("question_type", "group", "split")})
    return table
