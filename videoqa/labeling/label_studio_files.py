"""Writes tasks for Label Studio: its labelling configuration and its file of tasks."""

import json
from typing import Any
from xml.sax.saxutils import quoteattr

from videoqa._checks import Refusal
from videoqa._text_normalization import matching_form
from videoqa.labeling.label_studio_results import CANNOT_TELL_CHOICE, OTHER_CHOICE
from videoqa.labeling.tasks import Task, TaskFile

HEADERS = {
    "answer": "Watch the clip, then answer the question.",
    "label": "Watch the clip. What is done in it?",
    "verify": "Watch the clip. Is the answer right?",
    "write": "Watch the clip. Write questions that only those can answer who see it, and the answers.",
}


def label_studio_config(file: TaskFile) -> str:
    """Return the XML that Label Studio's project takes as its labelling interface.

    Raises:
        ValueError: tasks of several kinds, which one project cannot show.
    """
    kinds = {task.kind for task in file.tasks}
    if len(kinds) > 1:
        raise Refusal("kind", "be one in all tasks of a Label Studio project", sorted(kinds))
    (kind,) = kinds
    lines = [
        "<View>",
        f"  <Header value={quoteattr(HEADERS[kind])}/>",
        '  <Video name="video" value="$video_url"/>',
    ]
    if kind in ("answer", "verify"):
        lines.append('  <Header value="$question"/>')
    lines += _written_fields(file) if kind == "write" else _choices(kind)
    return "\n".join([*lines, "</View>", ""])


def _choices(kind: str) -> list[str]:
    lines = [
        '  <Choices name="choice" toName="video" value="$choices" choice="single-radio" required="true"',
        '           requiredMessage="Choose an answer"/>',
    ]
    if kind == "verify":
        return lines
    return [
        *lines,
        '  <TextArea name="typed" toName="video" maxSubmissions="1" rows="1" editable="true"',
        '            placeholder="another answer" visibleWhen="choice-selected" whenTagName="choice"',
        f"            whenChoiceValue={quoteattr(OTHER_CHOICE)} required={quoteattr('true')}/>",
    ]


def _written_fields(file: TaskFile) -> list[str]:
    number = max(task.num_questions for task in file.tasks)
    fields = [(name, place) for place in range(1, number + 1) for name in ("question", "answer")]
    return [
        f'  <TextArea name="{name}_{place}" toName="video" maxSubmissions="1" rows="1" editable="true" '
        f'placeholder="{name} {place}" required="true"/>'
        for name, place in fields
    ]


def label_studio_tasks(file: TaskFile) -> str:
    """Return the JSON that Label Studio imports: each task with the model's answer as a prediction."""
    return json.dumps([_task(task, file) for task in file.tasks], indent=1, ensure_ascii=False) + "\n"


def _task(task: Task, file: TaskFile) -> dict[str, Any]:
    question = task.question
    if task.kind == "verify":
        question = f"{question} - {task.answer}?"
    data: dict[str, Any] = {"task_id": task.id, "tasks_sha256": file.sha256, "video_url": task.video_url}
    if question:
        data["question"] = question
    if task.kind != "write":
        further = [CANNOT_TELL_CHOICE] if task.kind == "verify" else [OTHER_CHOICE, CANNOT_TELL_CHOICE]
        data["choices"] = [{"value": each} for each in dict.fromkeys((*task.shown_choices, *further))]
    item: dict[str, Any] = {"data": data}
    shown = {matching_form(choice): choice for choice in task.choices}
    best = shown.get(matching_form(task.model_answer)) if task.ranked else None
    if best is not None:
        result = {"id": "model", "from_name": "choice", "to_name": "video", "type": "choices"}
        prediction: dict[str, Any] = {"model_version": file.about.get("model") or "videoqa"}
        if task.ranked[0][1] is not None:
            prediction["score"] = task.ranked[0][1]
        item["predictions"] = [{**prediction, "result": [{**result, "value": {"choices": [best]}}]}]
    return item
