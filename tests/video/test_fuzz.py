"""Damaged files never end in a traceback or hang, and are hardly ever served as whole with wrong pictures."""

import importlib.util
from pathlib import Path

import pytest


@pytest.mark.slow
def test_two_hundred_damaged_files(checkout: Path, tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("fuzz_decode", checkout / "benchmarks" / "fuzz_decode.py")
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    outcomes, _ = benchmark.fuzz(tmp_path, num_files=200, seed=1)
    count = {
        name: sum(outcomes[ending, name] for ending in benchmark.CONTAINERS) for name in benchmark.OUTCOMES
    }
    assert sum(count.values()) == 200
    assert count["traceback"] == 0 and count["wrong"] <= 0.02 * 200
    assert count["refused"] > 20 and count["noted"] > 20 and count["right"] > 20
