"""Names the codec of a stream that FFmpeg cannot decode, as its container spells it."""

import re

import av

HEAD_BYTES = 1 << 20
"""Of a Matroska file, in which the names of the codecs are looked for."""


def codec_tag(container: av.container.InputContainer, stream: av.video.stream.VideoStream, path: str) -> str:
    """Return the name of a stream's codec in quotation marks, or words that say that there is none."""
    found = re.search(
        rf"Stream #0:{stream.index}\b.*?: Video: (\w+)(?: \((.*?)(?: / (0x\w+))?\))?", _described(container)
    )
    name, tag, number = found.groups() if found else (None, None, None)
    if name not in (None, "none"):
        return repr(name)
    if tag or number:
        return repr(tag or number)
    with open(path, "rb") as file:
        matroska = re.findall(rb"V_[\w/.]+", file.read(HEAD_BYTES))
    return repr(matroska[0].decode("ascii")) if matroska else "(which the file does not name)"


def _described(container: av.container.InputContainer) -> str:
    """Return FFmpeg's description of a container, which it only gives to a log."""
    level = av.logging.get_level()
    av.logging.set_level(av.logging.INFO)
    try:
        return str(container.dumps_format())  # type: ignore[attr-defined]
    finally:
        av.logging.set_level(level)
