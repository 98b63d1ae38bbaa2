"""Answers a question about a video with `model.onnx`: python client.py VIDEO [QUESTION].

Needs onnxruntime, numpy, opencv-python-headless and, for questions, nltk.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from clip_windows import average_of_windows, windows_of_clip

HERE = Path(__file__).resolve().parent
RULES = json.loads((HERE / "preprocessing.json").read_text("utf-8"))
ANSWERS = json.loads((HERE / "answers.json").read_text("utf-8"))["answers"]


def ask(video: str, question: str = "") -> list[tuple[str, float]]:
    """Return all answers with their probabilities, the most probable first."""
    inputs = windows_of_clip(video, RULES)
    if RULES["question"] is not None:
        from question_tokens import token_ids

        num_windows = len(next(iter(inputs.values()), [0]))
        inputs["question"] = np.repeat(token_ids(question, HERE, RULES["question"]), num_windows, axis=0)
    session = onnxruntime.InferenceSession(HERE / "model.onnx", providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    outputs = dict(zip(names, session.run(names, inputs), strict=True))
    probabilities = average_of_windows(outputs, RULES)
    return [(ANSWERS[place], float(probabilities[place])) for place in np.argsort(-probabilities)]


if __name__ == "__main__":
    for answer, probability in ask(*sys.argv[1:3])[:5]:
        print(f"{probability:.4f}  {answer}")
