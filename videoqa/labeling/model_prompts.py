"""What a model is asked of a task: the words, and the JSON that it shall reply with.

Nothing of a task goes to a model that people do not see: neither a known answer nor what another model says,
and not the name of the video, which often says what is in it.
"""

from typing import Any

from videoqa.labeling.tasks import LONGEST_ANSWER, Task

CANNOT_TELL_ANSWER = "cannot tell"
LONGEST_QUESTION = 300


def prompt_of(task: Task) -> str:
    """Return the words that follow the frames."""
    if task.kind == "write":
        return _to_write(task)
    if task.kind == "verify":
        asked = f"Question: {task.question}\nAnswer: {task.answer}\nIs this answer right?"
    elif task.kind == "label":
        asked = task.question or "What is done in this clip?"
    else:
        asked = f"Question: {task.question}"
    choices = task.shown_choices
    if not choices:
        form = "your answer, in as few words as possible"
        return f"{asked}\n{_form(form)}"
    listed = "\n".join(f"{number}. {choice}" for number, choice in enumerate(choices, start=1))
    return f"{asked}\nChoose one of these:\n{listed}\n{_form('one of them, word for word')}"


def _form(answer: str) -> str:
    return (
        f'Reply with JSON alone: {{"answer": "...", "confidence": N}}, where answer is {answer}, or '
        f'"{CANNOT_TELL_ANSWER}" if the frames do not show it, and N is how sure you are, from 0 to 100.'
    )


def _to_write(task: Task) -> str:
    number = task.num_questions
    return (
        f"Write {number} different question{'s' if number > 1 else ''} that somebody who has watched this "
        "clip can answer, and who has not watched it cannot, each with its right answer in as few words as "
        'possible. Reply with JSON alone: {"questions": [{"question": "...", "answer": "..."}, ...]}'
    )


def schema_of(task: Task) -> dict[str, Any]:
    """Return the JSON schema of a reply."""
    if task.kind == "write":
        pair = {
            "question": {"type": "string", "maxLength": LONGEST_QUESTION},
            "answer": {"type": "string", "maxLength": LONGEST_ANSWER},
        }
        number = {"minItems": task.num_questions, "maxItems": task.num_questions}
        return _object({"questions": {"type": "array", "items": _object(pair), **number}})
    answer: dict[str, Any] = {"type": "string", "maxLength": LONGEST_ANSWER}
    if task.shown_choices:
        choices = dict.fromkeys((*task.shown_choices, CANNOT_TELL_ANSWER))
        answer = {"type": "string", "enum": list(choices)}
    return _object({"answer": answer, "confidence": {"type": "integer", "minimum": 0, "maximum": 100}})


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
