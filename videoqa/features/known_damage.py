"""Tells how many pictures of clips are damaged, and remembers it by their files' content."""

import functools
import json
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

from videoqa._progress import progress_bar
from videoqa.features.cache import FeatureCache
from videoqa.video.decoding import ClipRequest, DecodingError, clip_bounds, decoder_names, probe
from videoqa.video.picture_damage import LookedAt, PictureDamage, look_at_pictures
from videoqa.video.timeline import stored_timestamps

RULES_VERSION = 1
"""Raised when other pictures count as damaged."""
NUM_THREADS = 2
"""Videos looked at side by side; each is decoded by several threads of FFmpeg."""


def clip_damages(
    requests: Sequence[ClipRequest], cache: FeatureCache, *, progress: bool = False
) -> list[PictureDamage]:
    """Return the damage of each clip's pictures; a video is decoded once, up to the end of its last clip.

    Args:
        requests: clips that can be decoded; one that cannot counts as having no damaged picture.
        cache: remembers what was found.
        progress: show a bar on a terminal.
    """
    distinct = list(dict.fromkeys(requests))
    by_path: dict[str, list[ClipRequest]] = defaultdict(list)
    for request in distinct:
        by_path[request.path].append(request)
    if len(by_path) == 1:  # what is remembered of one video is read sooner than a thread starts
        of_clip = dict(zip(distinct, _of_one_video(distinct, cache), strict=True))
        return [of_clip[request] for request in requests]
    found: dict[ClipRequest, PictureDamage] = {}
    with (
        ThreadPoolExecutor(NUM_THREADS) as pool,
        progress_bar(progress=progress, desc="looking for damage", total=len(by_path), unit="video") as bar,
    ):
        for clips, damages in pool.map(lambda clips: (clips, _of_one_video(clips, cache)), by_path.values()):
            found.update(zip(clips, damages, strict=True))
            bar.update()
    return [found[request] for request in requests]


def _of_one_video(clips: list[ClipRequest], cache: FeatureCache) -> list[PictureDamage]:
    """Return the damage of each of the clips of one video."""

    @functools.cache
    def looked_at() -> tuple[LookedAt, dict[ClipRequest, tuple[int, int]]]:
        info = probe(clips[0].path)
        times = stored_timestamps(info)
        bounds = {clip: clip_bounds(info, clip, times) for clip in clips if clip.is_segment and len(times)}
        stop = max(stop for _, stop in bounds.values()) if len(bounds) == len(clips) else None
        return look_at_pictures(info, stop), bounds

    def computed(clip: ClipRequest) -> str:
        looked, bounds = looked_at()
        return json.dumps(asdict(looked.within(*bounds.get(clip, (0, None)))))

    by = f"by rules {RULES_VERSION} and {decoder_names()['pyav']}"
    damages = []
    for clip in clips:
        name = f"damaged pictures of {clip.start_seconds} to {clip.end_seconds} {by}"
        try:
            known = cache.fact(clip.path, name, functools.partial(computed, clip))
        except (DecodingError, OSError, ValueError):
            known = json.dumps(asdict(PictureDamage(0, 0, 0, None)))
        damages.append(PictureDamage(**json.loads(known)))
    return damages
