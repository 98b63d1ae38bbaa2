"""Which questions need no video: judged by what other videos' questions teach, never by themselves."""

import numpy as np
import pandas as pd
import pytest

from videoqa.labeling.blind_guess import BlindGuess, question_parts
from videoqa.labeling.question_audit import audit_questions, share_without_video
from videoqa.labeling.question_report import NO_MARK, SAYS_ITSELF, question_summary, remark_on
from videoqa.labeling.question_table import QuestionTable
from videoqa.labeling.written_questions import Question

COLOURS = ("red", "blue", "green", "white", "black")


def table_of(*rows):
    return pd.DataFrame(rows, columns=["video", "question", "answer"]).assign(group="")


@pytest.fixture
def table():
    """Ten videos: all have the same first question and answer; the colours of the second follow nothing."""
    colours = [COLOURS[place] for place in (0, 3, 1, 4, 2, 2, 0, 4, 1, 3)]
    rows = []
    for number, colour in enumerate(colours):
        rows.append((f"{number}.mp4", "Is there a person?", "Yes" if number % 2 else "yes"))
        rows.append((f"{number}.mp4", f"Which colour has box {'abcdefghij'[number]}?", colour))
    return table_of(*rows, ("0.mp4", "Who is it?", "only here"))


def test_what_is_always_the_same_needs_no_video(table):
    found = audit_questions(table)
    always = table["question"] == "Is there a person?"
    assert set(found.rows.loc[always, "without_video"]) == {"both"}
    assert (found.rows.loc[always, "blind_probability"] > 0.5).all()
    assert found.rows["without_video"].iloc[-1] == ""
    assert "both" not in set(found.rows.loc[~always, "without_video"])
    assert found.beginnings.iloc[0].tolist() == ["is there", 10, 10, "yes"]
    both = share_without_video(table, found.rows, ("both",))
    assert (both["num"], both["of"], both["share"]) == (10, 20, 0.5)
    assert both["interval"][0] < 0.5 < both["interval"][1]


def test_which_of_the_two_knows_is_said(tmp_path):
    """A word at the end tells the answer; the beginning only which is the most frequent one."""
    names = ["sun"] * 20 + ["sky"] * 10
    rows = [(f"What do we see {place} {name}?", name) for place, name in enumerate(names)]
    rows += [("Who comes?", "once"), ("Why so?", "never")]
    rows += [(f"Is it {place}?", "yes") for place in range(5)]
    made = [
        Question(f"{place % 30}.mp4", None, None, "", text, answer, writers=[f"by {answer}"])
        for place, (text, answer) in enumerate(rows)
    ]
    table = QuestionTable(tmp_path / "questions.csv", is_checked=False)
    assert table.add(made)["added"] == 37
    verdicts = table.audit.rows["without_video"].tolist()
    assert verdicts == ["both"] * 20 + ["blind model"] * 10 + [""] * 2 + ["both"] * 5
    said = question_summary(made, table)
    audit, writers = said["audit"], said["writers"].set_index("writer")
    assert [audit[name]["num"] for name in ("both", "blind", "prior")] == [25, 35, 25]
    assert (audit["num_rows"], audit["num_untold"], audit["both"]["of"]) == (37, 2, 35)
    assert audit["beginnings"].to_numpy().tolist() == [["is it", 5, 5, "yes"], ["what do", 30, 20, "sun"]]
    columns = ["num_judged", "num_both", "num_blind", "num_prior"]
    assert writers.loc["by sky", columns].tolist() == [10, 0, 10, 0]
    assert said["look_at_writers"] == ["by sun", "by yes"]
    later = QuestionTable(tmp_path / "questions.csv", is_checked=False)
    later.add([Question("40.mp4", None, None, "", "Is it 9?", "yes")])  # judged by all rows of the table
    row = pd.read_csv(tmp_path / "questions.csv").iloc[-1]
    assert (row["question"], row["without_video"]) == ("Is it 9?", "both")


def test_the_interval_is_over_videos_or_groups_not_over_rows():
    videos = [f"{number}.mp4" for number in range(40) for _ in range(5)]
    table = table_of(*((video, "Who?", "him") for video in videos))
    rows = pd.DataFrame({"without_video": ["both"] * 100 + ["neither"] * 100})
    apart = table.assign(video=[f"{place}.mp4" for place in range(200)])
    of_videos, of_rows, of_groups = (
        share_without_video(each, rows, ("both",))["interval"]
        for each in (table, apart, apart.assign(group=videos))
    )
    assert of_videos == of_groups and of_videos[0] < of_rows[0] < 0.5 < of_rows[1] < of_videos[1]


@pytest.mark.parametrize("by_group", [False, True])
def test_a_question_is_not_judged_by_its_own_video(table, by_group):
    """The answer "teal" is in another video, but only this one says that zeppelins have it."""
    own = [("z.mp4", "What is the colour of the zeppelin?", "teal")] * 1
    own += [("y.mp4" if by_group else "z.mp4", "What is the colour of the zeppelin now?", "teal")]
    table = pd.concat([table, table_of(*own, ("9.mp4", "Who is there?", "teal"))], ignore_index=True)
    if by_group:
        table.loc[table["video"].isin(["y.mp4", "z.mp4"]), "group"] = "zeppelins"
    found = audit_questions(table)
    assert (
        found.rows.loc[table["question"].str.contains("zeppelin"), "without_video"].tolist()
        == ["neither"] * 2
    )
    if by_group:  # as videos of their own, each is answered by the other
        found = audit_questions(table.assign(group=""))
        assert "both" in set(found.rows.loc[table["question"].str.contains("zeppelin"), "without_video"])


def test_neither_the_order_nor_the_spelling_matters(table):
    found = audit_questions(table).rows["without_video"]
    order = np.random.default_rng(1).permutation(len(table))
    again = audit_questions(table.iloc[order].assign(question=lambda rows: rows["question"].str.upper()))
    assert again.rows["without_video"].tolist() == found.iloc[order].tolist()


@pytest.mark.parametrize(("videos", "each"), [(4, 10), (6, 3), (0, 0)])
def test_too_little_to_tell_is_said(videos, each):
    rows = [
        (f"{video}.mp4", f"What is it {place}?", "box") for video in range(videos) for place in range(each)
    ]
    found = audit_questions(table_of(*rows))
    assert found.too_few == (
        f"{videos * each} of {videos} videos; at least 20 questions about 5 videos are needed"
    )
    assert set(found.rows["without_video"]) <= {""} and len(found.rows) == videos * each


def test_the_blind_model_learns_words_wherever_they_stand():
    questions = [
        f"{start} {word} {end}?" for start in ("is", "was") for word in ("sky", "sun") for end in "abc"
    ]
    model = BlindGuess(questions, ["blue" if "sky" in question else "gold" for question in questions])
    for word, answer in (("sky", "blue"), ("sun", "gold")):
        found = model.probabilities(f"how is the {word} now?")
        assert model.answers[int(found.argmax())] == answer and found.sum() == pytest.approx(1, rel=1e-5)
    assert question_parts("Is it?") == ["^", "^ is", "^ is it", "is", "it", "is it"]
    assert question_parts("他在吗？")[1] == "^ 他"


@pytest.mark.parametrize(
    ("question", "answer", "remark"),
    [
        ("What colour is the red box?", "Red", SAYS_ITSELF),
        ("What colour is the box", "red", NO_MARK),
        ("Which red box is big?", "big red", ""),
        ("What colour is the box?", "red", ""),
        ("他在做什么？", "挥手", ""),
        ("ماذا يفعل؟", "يلوح", ""),
    ],
)
def test_remarks(question, answer, remark):
    assert remark_on(question, answer) == remark
