from collections import Counter

import pytest

from videoqa.config import SAMPLE_LANGUAGES
from videoqa.data.specs import load_spec, spec_from_dict, spec_names
from videoqa.sample.questions import ask_questions
from videoqa.sample.sample_set import plan_clips

GOOD = {
    "name": "mine",
    "title": "A set",
    "tasks": ["open_ended"],
    "format": "records",
    "licence": "CC-BY-4.0",
    "homepage": "",
    "citation": "",
    "counts": {"clips": 1, "train": 2, "validation": 0, "test": 3},
    "files": {"train": ["train.json"]},
    "columns": {"question_id": "id", "question": "question", "answer": "answer"},
    "video_names": ["{video}"],
}


def test_the_built_in_set_is_described():
    assert "sample" in spec_names()
    spec = load_spec("sample")
    assert (spec.name, spec.licence) == ("sample", "Apache-2.0")
    assert set(spec.counts) == {"clips", "train", "validation", "test"}


def test_the_counts_are_those_of_the_generator():
    clips = plan_clips()
    groups = list({clip.group.number: clip.group for clip in clips}.values())
    rows = Counter(row.group.split for row in ask_questions(groups))
    for name in SAMPLE_LANGUAGES.values():
        assert load_spec(name).counts == {"clips": len(clips), **rows}


def test_every_spec_can_be_read():
    for name in spec_names():
        assert load_spec(name).name == name


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match="`data` must be one of .*'sample'.* Did you mean 'sample'"):
        load_spec("samples")


@pytest.mark.parametrize(
    "change, message",
    [
        ({"license": "MIT"}, "mine.toml must have the fields .* Unknown: license. Missing: none"),
        ({"licence": None}, "mine.toml: `licence` must be a text"),
        ({"counts": {"rows": 1}}, "`counts` must have the fields clips, train, validation, test"),
        ({"counts": {"train": [1, 2]}}, "`counts.train` must have one figure for each of 1 folds"),
        ({"tasks": ["vqa"]}, "`tasks` must be one of 'open_ended', 'action'"),
        ({"tasks": "action"}, "`tasks` must be a list of texts"),
        ({"format": "xml"}, "`format` must be one of 'drawn', 'records'"),
        ({"files": ["a.json"]}, "`files` must be a table"),
        ({"files": {"val": ["a.json"]}}, "`files` must be one of 'train'"),
        ({"group_pattern": "("}, "`group_pattern` must be a regular expression"),
        ({"disjoint_groups": 1}, "`disjoint_groups` must be True or False"),
        ({"num_answers": 1}, "`num_answers` must be an integer of at least 2"),
        ({"counts": GOOD["counts"] | {"test": -1}}, "`counts.test` must be an integer of at least 0"),
        ({"counts": 5}, "`counts` must have the fields"),
    ],
)
def test_wrong_fields_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        spec_from_dict(GOOD | change, "mine.toml")


def test_a_missing_field_is_refused():
    without = {key: value for key, value in GOOD.items() if key != "licence"}
    with pytest.raises(ValueError, match="Unknown: none. Missing: licence"):
        spec_from_dict(without, "mine.toml")
