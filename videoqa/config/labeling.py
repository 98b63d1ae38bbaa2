"""Options: which rows people are asked about and how, and when their answers are taken."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from videoqa._checks import Refusal, check_choice, check_integer, check_number
from videoqa.config.choices import LABEL_FORMATS, LABEL_KINDS, LABEL_SELECTIONS
from videoqa.config.options import option, required_option

LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class LabelExportConfig:
    """How rows become tasks for people.

    Attributes:
        select: one of `LABEL_SELECTIONS`: which rows.
        limit: tasks at most, those of known answer not counted; None: all.
        kind: one of `LABEL_KINDS`; None: "answer" for questions, "label" for actions.
        format: one of `LABEL_FORMATS`.
        video_url_prefix: address of the folder of the videos, for people's browsers, kept with a slash at the
            end; None: none is needed, of format "csv".
        num_known: how many tasks of known answer are mixed among the others; None: one for ten.
        num_choices: answers to choose from.
        num_questions: to be written for each video, of kind "write".
        num_assignments: people to ask about each task.
        reward: dollars for each assignment, for the cost.
        fee: the service's share on top of the rewards; None: Mechanical Turk's.
        seed: of the choice, the order of the tasks and that of their choices.
    """

    select: str = required_option(
        "which rows: without an answer, answered wrongly, least sure of their answer, of unfamiliar clips"
    )
    limit: int | None = option(None, "tasks at most, those of known answer not counted (default: all rows)")
    kind: str | None = option(None, "what is asked (default: answer, of actions label)")
    format: str = option("mturk", "for whom")
    video_url_prefix: str | None = option(
        None, "https:// address of the folder of the videos, for people's browsers"
    )
    num_known: int | None = option(None, "how many of --known (default: one for ten other tasks)")
    num_choices: int = option(4, "answers to choose from")
    num_questions: int = option(3, "questions to be written for each video, of kind write")
    num_assignments: int = option(5, "people to ask about each task")
    reward: float = option(0.1, "dollars for each assignment, for the cost")
    fee: float | None = option(
        None,
        "share of the service, on top of the rewards (default: Mechanical Turk's, 0.2, from ten assignments "
        "on 0.4)",
    )
    seed: int = option(0, "of the choice and the order of tasks and choices")

    def __post_init__(self) -> None:
        check_choice("select", self.select, LABEL_SELECTIONS)
        check_choice("format", self.format, LABEL_FORMATS)
        if self.kind is not None:
            check_choice("kind", self.kind, LABEL_KINDS)
        if self.limit is not None:
            check_integer("limit", self.limit, minimum=1)
        if self.num_known is not None:
            check_integer("num_known", self.num_known, minimum=0)
        check_integer("num_choices", self.num_choices, minimum=2, maximum=50)
        check_integer("num_questions", self.num_questions, minimum=1, maximum=20)
        check_integer("num_assignments", self.num_assignments, minimum=1)
        check_number("reward", self.reward, minimum=0)
        if self.fee is not None:
            check_number("fee", self.fee, minimum=0)
        check_integer("seed", self.seed)
        object.__setattr__(self, "video_url_prefix", self._checked_prefix())

    def _checked_prefix(self) -> str | None:
        """Return the address ending in a slash; refuse one that no browser would load clips from."""
        prefix = self.video_url_prefix
        if prefix is None:
            if self.format != "csv":
                advice = "People's browsers load the clips from there: --video-url-prefix https://..."
                raise Refusal("video_url_prefix", "be given for this format", prefix, advice)
            return None
        if not _is_folder_address(prefix):
            advice = "Pages of a service load clips by https only."
            raise Refusal("video_url_prefix", "be an https:// address without a query", prefix, advice)
        return prefix if prefix.endswith("/") else f"{prefix}/"


def _is_folder_address(prefix: str) -> bool:
    """Return whether a browser can load files below an address: by https, or by http of this machine."""
    try:
        parts = urlsplit(prefix)
        is_local = parts.scheme == "http" and parts.hostname in LOCAL_HOSTS
        is_served = bool(parts.hostname) and parts.port != 0 and (parts.scheme == "https" or is_local)
    except ValueError:  # a port or an address in brackets that is none
        return False
    return is_served and not parts.query and not parts.fragment


@dataclass(frozen=True)
class LabelImportConfig:
    """When people's answers to a task become one.

    Attributes:
        min_certainty: probability, by Dawid and Skene's model, below which a task stays unlabelled.
        min_assignments: answers below which a task stays unlabelled.
        min_confidence: answers of a model that was less sure are left out, from 0 to 1.
    """

    min_certainty: float = option(0.8, "probability below which a task stays unlabelled")
    min_assignments: int = option(1, "answers below which a task stays unlabelled")
    min_confidence: float = option(0.0, "confidence below which a model's answer is left out, from 0 to 1")

    def __post_init__(self) -> None:
        check_number("min_certainty", self.min_certainty, minimum=0, maximum=1)
        check_integer("min_assignments", self.min_assignments, minimum=1)
        check_number("min_confidence", self.min_confidence, minimum=0, maximum=1)
