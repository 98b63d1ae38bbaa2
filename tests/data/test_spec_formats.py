"""What each format needs of a description of one's own: refused by name before any file is opened."""

import pytest

from videoqa.data.specs import FORMATS, load_spec, spec_from_dict

COLUMNS = {"question_id": "id", "question": "question", "answer": "answer"}
COMMON = {"name": "mine", "title": "t", "licence": "", "homepage": "", "citation": "", "counts": {}}
RECORDS = COMMON | {
    "format": "records",
    "tasks": ["open_ended"],
    "files": {"train": ["tr{fold}.json"]},
    "columns": COLUMNS,
    "video_names": ["vid{video_id}", "{mapped}"],
}
CLASS_LISTS = COMMON | {
    "format": "class_lists",
    "tasks": ["action"],
    "files": {"train": ["classes.txt", "train{fold:02d}.txt"]},
}
CLASS_FILES = COMMON | {
    "format": "class_split_files",
    "tasks": ["action"],
    "files": {"train": ["{class}_{fold}.txt"]},
}
CLASS_FOLDERS = COMMON | {"format": "class_folders", "tasks": ["action"]}


@pytest.mark.parametrize("good", [RECORDS, CLASS_LISTS, CLASS_FILES, CLASS_FOLDERS])
def test_a_description_with_what_its_format_needs_is_taken(good):
    assert spec_from_dict(good, "mine.toml").format == good["format"]


@pytest.mark.parametrize(
    "good, change, message",
    [
        (
            RECORDS,
            {"columns": {}},
            "`columns` must name .* question_id, question, answer. Received: columns={}",
        ),
        (RECORDS, {"columns": {"question": "q", "answer": "a"}}, "`columns` must name .* question_id"),
        (RECORDS, {"columns": COLUMNS | {"question_id": 1}}, "`columns.question_id` must be a text.*=1"),
        (RECORDS, {"question_types": {"0": "motion"}}, "`columns` must name .* column of question_type"),
        (RECORDS, {"question_types": {"0": ["motion"]}}, "`question_types.0` must be a text"),
        (RECORDS, {"tasks": ["action"]}, "`tasks` must be one of 'open_ended'. .*='action'. The format 'rec"),
        (RECORDS, {"group_pattern": "(g)"}, "`group_pattern` must be left out: .* questions have none"),
        (RECORDS, {"video_names": []}, r"`video_names` must hold texts such as 'vid\{video_id\}'"),
        (RECORDS, {"video_names": ["{}"]}, r"`video_names` must hold texts .* Received: video_names='\{\}'"),
        (RECORDS, {"video_names": ["{vid"]}, r"`video_names` must .* column .* video_names='\{vid'"),
        (RECORDS, {"video_names": ["{a.b}"]}, "`video_names` must hold texts"),
        (RECORDS, {"video_names": ["{0}"]}, "`video_names` must hold texts"),
        (RECORDS, {"video_names": ["{number:05d}"]}, "`video_names` must hold texts"),
        (RECORDS, {"video_names": ["{mapped}"]}, r"`video_names` must have \{mapped\} not in the first one"),
        (RECORDS, {"video_names": ["clip"]}, "`video_names` must hold texts"),
        (RECORDS, {"files": {}}, "`files` must name the files of each split: the format 'records'"),
        (RECORDS, {"files": {"train": []}}, r"`files.train` must be a list of at least one text.*=\[\]"),
        (RECORDS, {"files": {"train": [1]}}, r"`files.train` must be a list of at least one text.*=\[1\]"),
        (RECORDS, {"files": {"train": "tr.json"}}, "`files.train` must be a list .*='tr.json'"),
        (
            RECORDS,
            {"files": {"train": ["tr{x}.json"]}},
            r"`files.train` must have no placeholder but \{fold\}",
        ),
        (RECORDS, {"files": {"train": ["{class}.json"]}}, "`files.train` must have no placeholder but"),
        (RECORDS, {"files": {"train": ["tr{.json"]}}, "`files.train` must have .* its braces in pairs"),
        (RECORDS, {"files": {"train": ["tr{}.json"]}}, "`files.train` must have no placeholder but"),
        (
            RECORDS,
            {"files": {"train": [" "]}},
            "`files.train` must name files as they are called in the folder",
        ),
        (RECORDS, {"files": {"train": ["/tr.json"]}}, "`files.train` must name files as they are called"),
        (RECORDS, {"score_groups": {"free": "what"}}, "`score_groups.free` must be a list .*='what'"),
        (RECORDS, {"score_groups": {"free": [1]}}, r"`score_groups.free` must be a list .*=\[1\]"),
        (
            CLASS_LISTS,
            {"files": {"train": ["train.txt"]}},
            r"`files.train` must be \[list of classes, list of",
        ),
        (CLASS_LISTS, {"files": {"train": ["a", "b", "c"]}}, r"`files.train` must be \[list of classes, "),
        (CLASS_LISTS, {"files": {}}, "`files` must name the files of each split: the format 'class_lists'"),
        (
            CLASS_LISTS,
            {"tasks": ["open_ended"]},
            "`tasks` must be one of 'action'.*'class_lists' gives no other",
        ),
        (CLASS_LISTS, {"tasks": ["action", "open_ended"]}, "`tasks` must be one of 'action'"),
        (CLASS_LISTS, {"group_pattern": r"_g\d+_"}, "`group_pattern` must have exactly one pair of parenth"),
        (CLASS_LISTS, {"group_pattern": r"(_)(g)"}, "`group_pattern` must have exactly one pair of parenth"),
        (
            CLASS_LISTS,
            {"disjoint_groups": True},
            "`disjoint_groups` must be left out where no `group_pattern`",
        ),
        (
            CLASS_FILES,
            {"files": {}},
            "`files` must name the files of each split: the format 'class_split_fil",
        ),
        (
            CLASS_FILES,
            {"files": {"test": ["{class}.txt"]}},
            "`files` must have one name for train and the same",
        ),
        (
            CLASS_FILES,
            {"files": {"train": ["{class}_a", "{class}_b"]}},
            "`files` must have one name for train",
        ),
        (CLASS_FILES, {"files": {"train": ["a_{class}.txt"]}}, r"`files.train` must begin with \{class\}"),
        (CLASS_FILES, {"tasks": ["open_ended"]}, "`tasks` must be one of 'action'"),
        (
            CLASS_FOLDERS,
            {"files": {"train": ["a.txt"]}},
            "`files` must be left out: the format 'class_folders'",
        ),
        (CLASS_FOLDERS, {"tasks": ["open_ended"]}, "`tasks` must be one of 'action'"),
    ],
)
def test_what_a_format_cannot_use_is_refused(good, change, message):
    with pytest.raises(ValueError, match=f"^mine.toml: {message}"):
        spec_from_dict(good | change, "mine.toml")


def test_only_the_built_in_set_is_drawn(tmp_path):
    path = tmp_path / "mine.toml"
    keys = ("name", "title", "licence", "homepage", "citation")
    lines = [f'{key} = "mine"' for key in keys]
    path.write_text("\n".join([*lines, 'format = "drawn"', 'tasks = ["action"]', "[counts]"]))
    assert FORMATS[0] == "drawn"
    with pytest.raises(
        ValueError, match="mine.toml: `format` must be one of 'records', .* Only the built-in"
    ):
        load_spec(str(path))
