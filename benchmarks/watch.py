"""How fast, how small and how right `videoqa watch` is, on films joined from drawn clips.

    python benchmarks/watch.py
    python benchmarks/watch.py --minutes 0 --seeds 201 202 --window-seconds 3 3.5 4 5 --stride-seconds 1 2

Speed: beside a plain loop that decodes the film and encodes the same frames once, by turns in one process,
the median of the ratios, of the time on the clock and of that of the processors. Memory: the peak of a
process of its own, for the film and for its first 10 seconds. Right: of the seconds of each film, with the
model in the package; "I don't know" counts as not right.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

import videoqa
from videoqa.sample.avi import avi_bytes
from videoqa.sample.files import SampleClip, draw_jpegs, plan_clips
from videoqa.sample.scene import FPS, FRAME_SIZE
from videoqa.video.decoding import probe
from videoqa.video.film_times import film_times
from videoqa.video.film_windows import FilmPlan, Windowing
from videoqa.video.readers import read_frames
from videoqa.video.transforms import resize_and_crop

QUESTION = "what is he doing?"
TICK_SECONDS = 0.05
PEAK = """
import resource, sys, videoqa
for window in videoqa.watch(sys.argv[1], "what is he doing?", progress=False):
    pass
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""

Shot = tuple[float, float, SampleClip]


def join_film(path: Path, seed: int, seconds: float) -> list[Shot]:
    """Write a film of drawn clips in random order, and return when each begins and ends."""
    clips = plan_clips(max(int(seconds / 3), 20), seed=seed)
    jpegs: list[bytes] = []
    shots = []
    for number in np.random.default_rng(seed).permutation(len(clips)):
        drawn = draw_jpegs(clips[number].scene)
        start = len(jpegs)
        jpegs += drawn[::-1] if clips[number].place else drawn
        shots.append((start / FPS, len(jpegs) / FPS, clips[number]))
        if len(jpegs) >= seconds * FPS:
            break
    jpegs = jpegs[: round(seconds * FPS)]
    path.write_bytes(avi_bytes(jpegs, fps=FPS, width=FRAME_SIZE, height=FRAME_SIZE))
    return [(start, min(end, seconds), clip) for start, end, clip in shots]


def wanted_frames(film: Path, qa: videoqa.VideoQA, window: float, stride: float) -> np.ndarray:
    """Return which frames of a film `watch` encodes: bool `(num_frames,)`."""
    info = probe(film)
    sampling = qa.folder.config.sampling
    times = film_times(info).seconds
    return FilmPlan(info, times, sampling, Windowing(window, stride)).wanted()


def encode_once(film: Path, qa: videoqa.VideoQA, wanted: np.ndarray) -> int:
    """Decode a film and encode the wanted frames in full batches; return how many."""
    encoder, batch, done = qa.encoder, [], 0
    with closing(read_frames(probe(film))) as frames:
        for place, (_, retrieve) in enumerate(frames):
            if wanted[place]:
                batch.append(resize_and_crop(retrieve(), encoder.frame_size))
            if len(batch) == encoder.frames_per_run:
                done += len(encoder(np.stack(batch)))
                batch = []
    return done + (len(encoder(np.stack(batch))) if batch else 0)


def seconds_of(function: Callable[..., object], *arguments: object) -> np.ndarray:
    """Return the time that a call takes, seconds: on the clock, and of the processors."""
    started = np.array([time.perf_counter(), time.process_time()])
    function(*arguments)
    return np.array([time.perf_counter(), time.process_time()]) - started


def print_speed(film: Path, window: float, stride: float, repeats: int) -> None:
    """Print the speed of watching beside that of encoding the same frames once."""
    qa = videoqa.load()
    wanted = wanted_frames(film, qa, window, stride)
    options = {"model": qa, "window_seconds": window, "stride_seconds": stride, "progress": False}

    def watch() -> None:
        for _ in videoqa.watch(film, QUESTION, **options):  # type: ignore[arg-type]
            pass

    encode_once(film, qa, wanted)
    watch()
    everything = np.ones(len(wanted), bool)
    once, all_once, watched = (np.zeros((repeats, 2)) for _ in range(3))
    for number in range(repeats):
        once[number] = seconds_of(encode_once, film, qa, wanted)
        watched[number] = seconds_of(watch)
        all_once[number] = seconds_of(encode_once, film, qa, everything)
    print(f"{len(wanted)} frames, of which {wanted.sum()} are encoded; {repeats} runs each, by turns")
    for place, clock in enumerate(("on the clock", "of the processors")):
        print(f"  {clock}: watched in {np.median(watched[:, place]):.2f} s")
        for name, loop in (("these frames", once), ("all frames", all_once)):
            ratio = np.median(loop[:, place] / watched[:, place])
            quickest = loop[:, place].min() / watched[:, place].min()
            print(
                f"    {name} encoded once in {np.median(loop[:, place]):.2f} s: {ratio:.2f} x that speed, "
                f"by the quickest runs {quickest:.2f} x"
            )


def print_memory(film: Path, short: Path) -> None:
    """Print the peak memory of watching a film beside that of its first seconds."""
    peaks = []
    for path in (film, short):
        done = subprocess.run(
            [sys.executable, "-c", PEAK, str(path)], capture_output=True, text=True, check=True
        )
        peaks.append(int(done.stdout.split()[-1]) / 1024)
    print(
        f"  peak memory {peaks[0]:.0f} MiB, of 10 seconds {peaks[1]:.0f} MiB: {peaks[0] / peaks[1] - 1:+.1%}"
    )


def print_right(film: Path, shots: Sequence[Shot], window: float, stride: float, *, cuts: bool) -> None:
    """Print the share of seconds labelled right, and of borders within a stride, both ways."""
    windows = videoqa.watch(
        film, QUESTION, window_seconds=window, stride_seconds=stride, cuts=cuts, progress=False
    )
    segments = list(videoqa.join_windows(windows))
    ticks = np.arange(0, shots[-1][1], TICK_SECONDS) + TICK_SECONDS / 2
    truth, given = (np.full(len(ticks), "", object) for _ in range(2))
    for start, end, clip in shots:
        truth[(ticks >= start) & (ticks < end)] = clip.activity
    for segment in segments:
        given[(ticks >= segment.start_seconds) & (ticks < segment.end_seconds)] = segment.answer
    right, unknown = (given == truth).mean(), (given == "").mean()
    borders = [
        end
        for (_, end, one), (_, _, other) in zip(shots, shots[1:], strict=False)
        if one.activity != other.activity
    ]
    found = [segment.end_seconds for segment in segments[:-1]]
    met, meant = _near(borders, found, stride), _near(found, borders, stride)
    print(
        f"  {right:7.2%} of the seconds right, {unknown:6.2%} not known, {1 - right - unknown:6.2%} wrong; "
        f"{met:.1%} of {len(borders)} borders met within a stride, {meant:.1%} of {len(found)} found are it"
    )


def _near(times: Sequence[float], others: Sequence[float], within: float) -> float:
    """Return which share of times has another one near."""
    if not times or not others:
        return float(not times)
    return float(np.mean([np.abs(np.array(others) - time).min() <= within for time in times]))


def main() -> None:
    """Join films, and print what is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10, help="length of the film for speed and memory")
    parser.add_argument(
        "--seeds", type=int, nargs="*", default=[301, 302, 303], help="of films to be labelled"
    )
    parser.add_argument("--film-seconds", type=float, default=300, help="length of the films to be labelled")
    parser.add_argument("--window-seconds", type=float, nargs="+", default=[4.0])
    parser.add_argument("--stride-seconds", type=float, nargs="+", default=[2.0])
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--no-cuts", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if arguments.minutes:
            film, short = Path(folder) / "film.avi", Path(folder) / "short.avi"
            join_film(film, 300, 60 * arguments.minutes)
            join_film(short, 300, 10)
            print_speed(film, arguments.window_seconds[0], arguments.stride_seconds[0], arguments.repeats)
            print_memory(film, short)
        films = {seed: Path(folder) / f"{seed}.avi" for seed in arguments.seeds}
        shots = {seed: join_film(path, seed, arguments.film_seconds) for seed, path in films.items()}
        for window in arguments.window_seconds:
            for stride in arguments.stride_seconds:
                print(f"windows of {window} seconds every {stride} seconds")
                for seed, path in films.items():
                    print_right(path, shots[seed], window, stride, cuts=not arguments.no_cuts)


if __name__ == "__main__":
    main()
