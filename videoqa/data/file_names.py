"""Finds the video that a name in a table means: the file at that path, else the one spelled otherwise."""

import os
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from videoqa._checks import Refusal
from videoqa._counted import counted
from videoqa._frame_folders import frame_files
from videoqa.data.folder_walk import walk_folder
from videoqa.data.video_index import ARCHIVE_SUFFIXES, VIDEO_SUFFIXES, folded_name, without_ending

MAX_LISTED = 20_000
"""Files listed to say what lies in a folder; a table may lie in a home folder."""
SHOWN = 3
OTHER_ENDING = "another video ending"


@dataclass(frozen=True)
class FoundVideo:
    """What a name in a table means.

    Attributes:
        name: as the table has it, without the spaces around it unless the file's name has them.
        path: absolute; of the usual place if nothing is there.
        differs: in words, how the file's name differs; "" if it is the name, or nothing is there.
        usual: if it differs, the path that the name itself has.
    """

    name: str
    path: str
    differs: str = ""
    usual: str = ""


class VideoNames:
    """Finds videos by their names in a table.

    Args:
        folder: relative names start here.
        argument: what a name that could mean two files is called in the message.
    """

    def __init__(self, folder: str | os.PathLike[str], argument: str = "video") -> None:
        self.argument = argument
        self.folder = os.path.abspath(folder)
        self._listing = cache(_listing)

    def find(self, text: str) -> FoundVideo:
        """Return the video at the path `text`, else the only one whose path is equal but for its spelling.

        Spellings are the Unicode form (macOS takes letters with accents apart), letter case, `\\` for `/` and
        a video ending that is left out or is another one.

        Raises:
            ValueError: two files could be meant; names both.
        """
        stripped = text.strip()
        for name in dict.fromkeys((text, stripped)):
            if os.path.lexists(path := self._path(name)):
                return FoundVideo(name, path)
        found = self._candidates(stripped)
        if len({os.path.realpath(path) for path in found}) > 1:
            shown = " and ".join(map(repr, found[:SHOWN]))
            advice = f"Nothing has that name itself, and these could be meant: {shown}. Write one of them."
            raise Refusal(self.argument, "name one file", stripped, advice)
        path = self._path(stripped)
        if not found:
            return FoundVideo(stripped, path)
        return FoundVideo(stripped, found[0], _difference(path, found[0]), path)

    def _path(self, text: str) -> str:
        return os.path.normpath(os.path.join(self.folder, text))

    def _candidates(self, text: str) -> list[str]:
        """Return the paths that are equal to a name but for spelling, with its ending if any are."""
        path = self._path(text.replace("\\", "/"))
        is_inside = os.path.isdir(self.folder) and path.startswith(os.path.join(self.folder, ""))
        base = self.folder if is_inside else folder_above(path)
        parts = os.path.relpath(path, base).split(os.sep)
        return self._under(base, parts, False) or self._under(base, parts, True)

    def _under(self, base: str, parts: list[str], other_ending: bool) -> list[str]:
        names, stems = self._listing(base)
        rest = folded_name("/".join(parts))
        found = stems.get(without_ending(rest), []) if other_ending else names.get(rest, [])
        paths = [path for name in found if _is_video(path := os.path.join(base, name))]
        for name in names.get(folded_name(parts[0]), []) if len(parts) > 1 else []:
            if os.path.isdir(folder := os.path.join(base, name)):
                paths += self._under(folder, parts[1:], other_ending)
        return sorted(paths)


def find_video(path: str | os.PathLike[str], name: str = "video") -> tuple[str, list[str]]:
    """Return the path of a video that was named by itself, not in a table, and what to say of it.

    Args:
        path: as the user gave it; stays as it is if something is there, or if nothing could be meant.
        name: the argument.

    Raises:
        ValueError: two files could be meant, see `VideoNames.find`.
    """
    text = os.fsdecode(path)
    if os.path.lexists(text):
        return text, []
    found = VideoNames(os.curdir, name).find(text)
    return (found.path, notes_on([found], f"`{name}`")) if found.differs else (text, [])


def without_taken(found: Mapping[str, FoundVideo]) -> dict[str, FoundVideo]:
    """Return what was found, without the files found by another ending that another name means itself."""
    named = {each.path for each in found.values() if not each.differs}
    return {
        name: FoundVideo(each.name, each.usual)
        if OTHER_ENDING in each.differs and each.path in named
        else each
        for name, each in found.items()
    }


def notes_on(found: Iterable[FoundVideo], source: str) -> list[str]:
    """Return in words which videos were found under another spelling."""
    others = [each for each in found if each.differs]
    if not others:
        return []
    kinds = ", ".join(sorted({kind for each in others for kind in each.differs.split(", ")}))
    first = others[0]
    count = f"{counted(len(others), 'video')}"
    return [
        f"{count} of {source} found under another spelling ({kinds}): "
        f"{first.name!r} is taken to mean {first.path!r}."
    ]


def why_none_is_there(paths: Iterable[str], folder: str | os.PathLike[str], source: str) -> str | None:
    """Return in words that no path exists, and what lies in the folder; None if one does."""
    wanted = list(dict.fromkeys(paths))
    if not wanted or any(os.path.lexists(path) for path in wanted):
        return None
    above = folder_above(wanted[0])
    place = above if Path(above).is_relative_to(os.path.abspath(folder)) else os.path.abspath(folder)
    count = "The video" if len(wanted) == 1 else f"None of the {len(wanted):,} videos"
    first = f"{wanted[0]!r}" if len(wanted) == 1 else f"the first is {wanted[0]!r}"
    verb = "is not" if len(wanted) == 1 else "is"
    return f"{count} of {source} {verb} there: {first}. {what_lies_in(place, wanted)}"


def what_lies_in(folder: str, wanted: Iterable[str] = ()) -> str:
    """Return in words which videos, archives or other files lie in a folder, and where wanted ones do."""
    files = walk_folder(folder, max_files=MAX_LISTED).files
    videos = [name for name in files if name.lower().endswith(VIDEO_SUFFIXES)]
    archives = [name for name in files if name.lower().endswith(ARCHIVE_SUFFIXES)]
    names = {os.path.basename(path) for path in wanted}
    for name in videos:
        if os.path.basename(name) in names:
            place = os.path.join(folder, os.path.dirname(name))
            return (
                f"But {os.path.basename(name)!r} lies in {place!r}: give that folder as `videos` (--videos)."
            )
    if archives:
        return f"{folder!r} holds archives that are still packed, such as {archives[0]!r}: unpack them first."
    if videos:
        return f"{folder!r} holds {counted(len(videos), 'other video')}: {_shown(videos)}."
    return f"{folder!r} holds no video, {'only ' + _shown(files) if files else 'and no other file'}."


def folder_above(path: str) -> str:
    """Return the nearest folder above a path that exists."""
    folder = os.path.dirname(path)
    while not os.path.isdir(folder) and folder != os.path.dirname(folder):
        folder = os.path.dirname(folder)
    return folder


def _listing(folder: str) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Return the names in a folder by `folded_name`, and the videos by that name without their ending."""
    names, stems = defaultdict(list), defaultdict(list)
    try:
        listed = os.listdir(folder)
    except OSError:
        listed = []
    for name in listed:
        folded = folded_name(name)
        names[folded].append(name)
        if folded.endswith(VIDEO_SUFFIXES):
            stems[without_ending(folded)].append(name)
    return dict(names), dict(stems)


def _is_video(path: str) -> bool:
    """Return whether a path is a file or a folder of frames."""
    try:
        return os.path.isfile(path) or bool(frame_files(path))
    except OSError:
        return False


def _difference(wanted: str, found: str) -> str:
    """Return in words how two paths that mean the same are written otherwise."""
    kinds, text = [], wanted
    if "\\" in text and "\\" not in found:
        kinds.append("separator")
    text, other = text.replace("\\", "/"), found.replace("\\", "/")
    if unicodedata.normalize("NFC", text).casefold() != unicodedata.normalize("NFC", other).casefold():
        kinds.append("video ending" if text == without_ending(text) else OTHER_ENDING)
        text, other = without_ending(text), without_ending(other)
    if unicodedata.normalize("NFC", text) != unicodedata.normalize("NFC", other):
        kinds.append("letter case")
        text, other = text.casefold(), other.casefold()
    if text != other:
        kinds.append("Unicode form")
    return ", ".join(kinds) or "separator"


def _shown(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return ", ".join(map(repr, names[:SHOWN])) + more
