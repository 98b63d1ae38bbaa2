"""Seconds from nothing to `import videoqa` and to `videoqa --help`, beside a bare interpreter: medians of 11.

python benchmarks/startup.py
"""

import statistics
import subprocess
import sys
import time

RUNS = 11
COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "import videoqa": ["-c", "import videoqa"],
    "videoqa --help": ["-m", "videoqa", "--help"],
}


def seconds(arguments: list[str]) -> float:
    """Return how long one fresh interpreter takes."""
    begin = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


def main() -> None:
    """Run the commands in turn and print the median, least and most seconds of each."""
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(RUNS):
        for name, arguments in COMMANDS.items():
            times[name].append(seconds(arguments))
    base = statistics.median(times["python -c pass"])
    print(f"{'command':<16} {'median':>8} {'min':>8} {'max':>8} {'over bare python':>18}")
    for name, values in times.items():
        median = statistics.median(values)
        print(f"{name:<16} {median:8.3f} {min(values):8.3f} {max(values):8.3f} {median - base:18.3f}")


if __name__ == "__main__":
    main()
