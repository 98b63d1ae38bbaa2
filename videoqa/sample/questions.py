"""The questions about the drawn clips, and the questions of each clip; their wordings are in `wordings.py`.

The answers to each wording have the same shares as those to its question type, so that the wording alone does
not help to guess.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from videoqa.sample.scene import COLOURS, JUMP_COUNTS, PAIRS
from videoqa.sample.wordings import LANGUAGES

TEST_ONLY = ((1, 1), (2, 2), (3, 1))
"""Places in `forms` and `names` of a language used in the test split only; their words occur in training."""


def wordings_of(question_type: str, split: str, language: str = "en") -> list[str]:
    """Return the wordings of a question type in one split, with {ing} and {inf} still to fill."""
    chosen = LANGUAGES[language]
    return [
        form.format(**names, ing="{ing}", inf="{inf}")
        for which, form in enumerate(chosen.forms[question_type])
        for who, names in enumerate(chosen.names)
        if split == "test" or (which, who) not in TEST_ONLY
    ]


COUNT_WORDS = {1: "one", 2: "two", 3: "three", 4: "four"}
NUM_WORDINGS = {
    "train": {"direction": 2, "jump_count": 2},
    "validation": {"direction": 2, "jump_count": 2},
    "test": {"yes_no": 2, "direction": 3, "jump_count": 3},
}
"""Split -> question type -> wordings asked about each clip; 1 if absent."""
ORDER_TYPES = ("activity", "yes_no", "direction")
"""The types whose answers differ between the two clips of a pair."""
SINGLES = {
    "train": {"waving": 2, "jumping": 4},
    "validation": {"waving": 1, "jumping": 2},
    "test": {"waving": 1, "jumping": 2},
}
"""Split -> activity -> clips without an opposite in each block, which also has one pair of each kind."""
BLOCK_CLIPS = {split: 2 * len(PAIRS) + sum(singles.values()) for split, singles in SINGLES.items()}


@dataclass(frozen=True)
class Group:
    """One scene and the one or two clips made of it.

    Attributes:
        number: its place in the set.
        split: the split of all its clips.
        pair_kind: a key of `PAIRS`, or "" for a scene played forwards only.
        activities: the activity of the clip played forwards and, for a pair, of the one played backwards.
        shirt_colour, box_colour: names in `COLOURS`.
        jumps: how often he jumps, 0 unless jumping.
        idle: whether he is to be idle for 40 % of the clip.
        asked: the activity that the yes/no question is about; "" without one.
    """

    number: int
    split: str
    pair_kind: str
    activities: tuple[str, ...]
    shirt_colour: str
    box_colour: str
    jumps: int
    idle: bool
    asked: str


def plan_groups(num_blocks: dict[str, int], rng: np.random.Generator) -> list[Group]:
    """Return the scenes of every split, `num_blocks[split]` blocks of them.

    Colours take turns, separately in pairs and in single scenes, so that all answers to a colour question are
    equally frequent.
    """
    groups: list[Group] = []
    for split, blocks in num_blocks.items():
        pairs = [(kind, PAIRS[kind], i % 2) for kind in PAIRS for i in range(blocks)]
        singles = [("", ("waving",), 0)] * blocks * SINGLES[split]["waving"]
        jumping = blocks * SINGLES[split]["jumping"]
        singles += [("", ("jumping",), JUMP_COUNTS[i % len(JUMP_COUNTS)]) for i in range(jumping)]
        for members in (pairs, singles):
            order, idle = rng.permutation(len(members)), rng.permutation(len(members)) % 5 < 3
            for place, chosen in enumerate(order):
                groups.append(_make_group(len(groups), split, members[chosen], place, bool(idle[place])))
    return groups


def _make_group(
    number: int, split: str, member: tuple[str, tuple[str, ...], int], place: int, idle: bool
) -> Group:
    """Return the group at `place` among its split's pairs or single scenes."""
    kind, activities, detail = member
    asked, jumps = (activities[detail], 0) if kind else ("", detail)
    names = list(COLOURS)
    shirt, box = names[place % len(names)], names[(place + place // len(names)) % len(names)]
    return Group(number, split, kind, activities, shirt, box, jumps, idle, asked)


@dataclass(frozen=True)
class Asked:
    """One question about the clip at `place` of a group, and its answer."""

    group: Group
    place: int
    question: str
    answer: str
    question_type: str


def ask_questions(groups: Sequence[Group], language: str = "en") -> list[Asked]:
    """Return all questions about the groups; the wordings of a type take turns, separately per answer."""
    chosen = LANGUAGES[language]
    turns: Counter[tuple[str, ...]] = Counter()
    questions = []
    for group in groups:
        for question_type, fact, asked in _askable(group):
            wordings = wordings_of(question_type, group.split, language)
            repeats = NUM_WORDINGS[group.split].get(question_type, 1)
            turn = turns[group.split, question_type, fact]
            turns[group.split, question_type, fact] += repeats
            ing, inf = chosen.phrases.get(fact, ("", ""))
            for wording in (wordings[(turn + i) % len(wordings)] for i in range(repeats)):
                question = wording.format(ing=ing, inf=inf)
                for place, answer in asked:
                    shown = chosen.answer(answer)
                    questions.append(Asked(group, place, question, shown, question_type))
    return questions


def _askable(group: Group) -> Iterator[tuple[str, str, list[tuple[int, str]]]]:
    """Yield (question_type, what the wordings take turns over, [(place, answer)]) of one group."""
    activities = list(enumerate(group.activities))
    yield "activity", group.pair_kind or group.activities[0], activities
    if group.pair_kind:
        answers = [(clip, "yes" if activity == group.asked else "no") for clip, activity in activities]
        yield "yes_no", group.asked, answers
    if group.pair_kind == "walk_left_right":
        yield "direction", "", [(clip, activity.split()[1]) for clip, activity in activities]
    if group.jumps:
        yield "jump_count", COUNT_WORDS[group.jumps], [(0, COUNT_WORDS[group.jumps])]
    for clip in range(len(activities)):
        yield "shirt_colour", group.shirt_colour, [(clip, group.shirt_colour)]
        yield "box_colour", group.box_colour, [(clip, group.box_colour)]
