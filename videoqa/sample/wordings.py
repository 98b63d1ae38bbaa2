"""How the questions about the drawn clips are worded, and their answers spelled, in each language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Language:
    """The wordings of one language.

    Attributes:
        forms: question type -> four ways to ask it; {ing} and {inf} stand for the asked activity.
        names: three ways to name whoever and whatever is asked about.
        phrases: activity of a pair -> its {ing} and {inf} in a yes/no question.
        answers: English answer -> the answer; those not in it stay as they are.
        example: the question that the demo asks about two opposite clips.
    """

    forms: Mapping[str, Sequence[str]]
    names: Sequence[Mapping[str, str]]
    phrases: Mapping[str, tuple[str, str]]
    example: str
    answers: Mapping[str, str] = field(default_factory=dict)

    def answer(self, english: str) -> str:
        """Return the answer in this language."""
        return self.answers.get(english, english)


ENGLISH = Language(
    forms={
        "activity": (
            "what is {who} doing?",
            "what is {who} doing in the video?",
            "what does {who} do?",
            "what does {who} do in this video?",
        ),
        "yes_no": (
            "is {who} {ing}?",
            "is {who} {ing} in the video?",
            "does {who} {inf}?",
            "can you see {whom} {inf}?",
        ),
        "shirt_colour": (
            "what colour is {whose}?",
            "which colour is {whose}?",
            "what is the colour of {whose}?",
            "what color is {whose} in this video?",
        ),
        "box_colour": (
            "what colour is {box}?",
            "which colour is {box}?",
            "what is the colour of {box}?",
            "what color is {box}?",
        ),
        "direction": (
            "which way does {who} walk?",
            "which way is {who} walking?",
            "does {who} walk left or right?",
            "in which direction does {who} walk?",
        ),
        "jump_count": (
            "how many times does {who} jump?",
            "how often does {who} jump?",
            "how many jumps does {who} make?",
            "how many times can you see {whom} jump?",
        ),
    },
    names=tuple(
        {"who": who, "whom": whom, "whose": whose, "box": box}
        for who, whom, whose, box in (
            ("he", "him", "his shirt", "the box"),
            ("the man", "the man", "the shirt of the man", "the box in the video"),
            ("the person", "the person", "the shirt of the person", "the box in this video"),
        )
    ),
    phrases={
        "loading": ("loading the car", "load the car"),
        "unloading": ("unloading the car", "unload the car"),
        "entering": ("entering through the door", "enter through the door"),
        "leaving": ("leaving through the door", "leave through the door"),
        "raising": ("raising the shutter", "raise the shutter"),
        "lowering": ("lowering the shutter", "lower the shutter"),
        "walking left": ("walking to the left", "walk to the left"),
        "walking right": ("walking to the right", "walk to the right"),
    },
    example="what is he doing?",
)
CHINESE = Language(
    forms={
        "activity": ("{who}在做什么？", "{who}在视频里做什么？", "{who}在干什么？", "{who}正在干些什么？"),
        "yes_no": (
            "{who}在{ing}吗？",
            "{who}在视频里{ing}吗？",
            "{who}是不是在{ing}？",
            "能看到{who}{ing}吗？",
        ),
        "shirt_colour": (
            "{who}穿什么颜色的衬衫？",
            "{who}穿的衬衫是什么颜色？",
            "{who}穿着哪种颜色的衬衫？",
            "{who}在视频里穿什么颜色的衬衫？",
        ),
        "box_colour": (
            "{box}是什么颜色？",
            "这是什么颜色的{box}？",
            "{box}是哪种颜色？",
            "视频里有什么颜色的{box}？",
        ),
        "direction": (
            "{who}往哪边走？",
            "{who}正在往哪边走？",
            "{who}往左走还是往右走？",
            "{who}走的是哪个方向？",
        ),
        "jump_count": ("{who}跳了几次？", "{who}跳了多少次？", "{who}一共跳了几次？", "能看到{who}跳几次？"),
    },
    names=(
        {"who": "他", "box": "箱子"},
        {"who": "那个男人", "box": "纸箱"},
        {"who": "这个人", "box": "货箱"},
    ),
    phrases={
        "loading": ("装货",) * 2,
        "unloading": ("卸货",) * 2,
        "entering": ("进门",) * 2,
        "leaving": ("出门",) * 2,
        "raising": ("拉起卷帘门",) * 2,
        "lowering": ("放下卷帘门",) * 2,
        "walking left": ("向左走",) * 2,
        "walking right": ("向右走",) * 2,
    },
    example="他在做什么？",
    answers={
        "loading": "装货",
        "unloading": "卸货",
        "entering": "进门",
        "leaving": "出门",
        "raising": "拉起卷帘门",
        "lowering": "放下卷帘门",
        "walking left": "向左走",
        "walking right": "向右走",
        "waving": "挥手",
        "jumping": "跳跃",
        "yes": "是",
        "no": "不是",
        "red": "红色",
        "yellow": "黄色",
        "green": "绿色",
        "blue": "蓝色",
        "purple": "紫色",
        "left": "左边",
        "right": "右边",
        "one": "一次",
        "two": "两次",
        "three": "三次",
        "four": "四次",
    },
)
LANGUAGES = {"en": ENGLISH, "zh": CHINESE}
"""Code of a language -> its wordings."""
