"""The demo: trains a model on drawn clips, scores it, and asks it about three of them."""

import os
import shlex
from typing import Any

from videoqa._checks import check_choice
from videoqa._progress import say
from videoqa.answering.ask import load
from videoqa.config import SAMPLE_LANGUAGES
from videoqa.evaluation.evaluate import evaluate
from videoqa.evaluation.scores import format_score_table
from videoqa.sample.sample_set import sample_clip
from videoqa.sample.wordings import LANGUAGES
from videoqa.training.train import train
from videoqa.web.installed import INSTALL, missing_packages

OPPOSITES = ("loading", "unloading")


def run_demo(
    *,
    language: str = "en",
    out: str | os.PathLike[str] | None = None,
    progress: bool = True,
    **options: Any,
) -> dict[str, Any]:
    """Train on the built-in clips, evaluate, ask, and return the test scores. Needs no network.

    Args:
        language: of questions and answers, a key of `SAMPLE_LANGUAGES`.
        out: new folder of the model; None: `runs/<date-time>`.
        progress: print messages, and bars on a terminal.
        **options: options of `train`.

    Raises:
        ValueError: an unknown language, or as `train`.
    """
    check_choice("language", language, tuple(SAMPLE_LANGUAGES))
    say("1/3  Drawing clips of a loading bay, and training on them", progress=progress)
    run = train(SAMPLE_LANGUAGES[language], out=out, progress=progress, **options)
    say("\n2/3  Scores on the test split, beside what needs no video", progress=progress)
    scores = evaluate(run.out, split="test", progress=progress)
    say(format_score_table(scores), progress=progress)
    say(
        "\n3/3  One question to two clips made of the same frames in opposite order, and to one with nobody",
        progress=progress,
    )
    qa = load(run.out)
    question = LANGUAGES[language].example
    for activity in (*OPPOSITES, "empty"):
        clip = sample_clip(activity, seed=1)
        answer = qa.ask(clip, question)
        command = ["videoqa", "ask", clip, question, "--model", str(run.out)]
        say(f"  {shlex.join(command)}", progress=progress)
        sure = f"  ({answer.probability:.0%})" if answer.is_reliable else ""
        say(f"  {answer}{sure}", progress=progress)
    command = ["videoqa", "serve", "--model", str(run.out)]
    needs = f"  (first: {INSTALL})" if missing_packages() else ""
    say(f"\nTo see the clips and ask in a browser:\n  {shlex.join(command)}{needs}", progress=progress)
    return scores
