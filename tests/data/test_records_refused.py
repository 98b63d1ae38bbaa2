"""Question sets of JSON lists that cannot be right: each refused by file and row."""

import pytest


@pytest.mark.parametrize(
    "name, rows, message",
    [
        ("train_a.json", [], "train_a.json must be a JSON list with at least one object"),
        ("train_a.json", "{", "train_a.json must be JSON. Cause"),
        ("train_a.json", [1], "must be a list of objects. Received: item 1, 1"),
        ("train_a.json", [{"answer": "yes", "type": 3}], "must have the columns 'question_id'. Missing"),
        (
            "train_a.json",
            [{"answer": "yes", "type": 3, "question_id": "other"}],
            "must have the same rows. Received: 1 row and 1 row, 2 without a partner",
        ),
        (
            "train_q.json",
            [{"video_name": "a", "question": "q", "question_id": "k"}] * 2,
            "`question_id` must be different in every row of .*question_id='k'. 1 row repeats",
        ),
        (
            "train_a.json",
            [{"answer": "yes", "type": 9, "question_id": "v_aaa_1"}],
            "`type` must be one of '0', '1'.*Received: type='9'. It is row 1 of .*train_a.json",
        ),
        (
            "train_a.json",
            [{"answer": ["x"], "type": 3, "question_id": "v_aaa_1"}],
            r"`answer` must be one text or number. Received: answer=\['x'\]. It is row 1 of .*train_a.json",
        ),
        (
            "val_q.json",
            [{"video_name": {}, "question": "q", "question_id": "v_bbb_1"}],
            "`video_name` must be one text or number.*row 1 of .*val_q.json",
        ),
        (
            "val_q.json",
            [{"video_name": None, "question": "q", "question_id": "v_bbb_1"}],
            "`video_name` must be filled in every row. Received: video_name=''. It is row 1 of .*val_q.json",
        ),
        (
            "train_a.json",
            [{"answer": "yes", "type": 3, "question_id": None}],
            "`question_id` must be filled in every row.*row 1 of .*train_a.json",
        ),
        (
            "train_a.json",
            [{"answer": "yes", "type": 3, "question_id": key} for key in ("v_aaa_1", " ")],
            "`question_id` must be filled in every row.*row 2 of .*train_a.json",
        ),
        (
            "train_a.json",
            [{"type": 3, "question_id": "v_aaa_1"}],
            "train_a.json must have.* Missing: 'answer'",
        ),
        (
            "train_a.json",
            [{"answer": "", "type": 3, "question_id": "v_aaa_1"}],
            "`answer` must be filled.*row 1 of activitynet_qa",
        ),
    ],
)
def test_wrong_records_are_refused(activitynet, name, rows, message):
    activitynet.write(name, rows)
    with pytest.raises(ValueError, match=message):
        activitynet.read()


@pytest.mark.parametrize("split, file", [("validation", "val_qa.json"), ("test", "test_qa.json")])
def test_a_video_of_questions_in_training_and_in_another_split_is_refused(msvd, split, file):
    msvd.write(file, [{"id": 9, "video_id": 1, "question": "who is it?", "answer": "man"}])
    with pytest.raises(ValueError, match=f"No clip of msvd_qa must be in training and in {split}.*'vid1'"):
        msvd.read()
