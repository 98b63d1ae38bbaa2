"""The demo: trains a model on drawn clips, scores it, and asks it about two opposite clips."""

import os
import shlex
from typing import Any

from videoqa._progress import say
from videoqa.answering.ask import load
from videoqa.config import SAMPLE
from videoqa.evaluation.evaluate import evaluate
from videoqa.evaluation.scores import format_score_table
from videoqa.sample.sample_set import sample_clip
from videoqa.training.train import train

QUESTION = "what is he doing?"
OPPOSITES = ("loading", "unloading")


def run_demo(
    *, out: str | os.PathLike[str] | None = None, progress: bool = True, **options: Any
) -> dict[str, Any]:
    """Train on the built-in clips, evaluate, ask, and return the test scores. Needs no network.

    Args:
        out: new folder of the model; None: `runs/<date-time>`.
        progress: print messages, and bars on a terminal.
        **options: options of `train`.
    """
    say("1/3  Drawing clips of a loading bay, and training on them", progress=progress)
    run = train(SAMPLE, out=out, progress=progress, **options)
    say("\n2/3  Scores on the test split, beside what needs no video", progress=progress)
    scores = evaluate(run.out, split="test", progress=progress)
    say(format_score_table(scores), progress=progress)
    say("\n3/3  One question to two clips made of the same frames in opposite order", progress=progress)
    qa = load(run.out)
    for activity in OPPOSITES:
        clip = sample_clip(activity, seed=1)
        answer = qa.ask(clip, QUESTION)
        command = ["videoqa", "ask", clip, QUESTION, "--model", str(run.out)]
        say(f"  {shlex.join(command)}", progress=progress)
        say(f"  {answer}  ({answer.probability:.0%})", progress=progress)
    return scores
