"""Splits of whole groups, the same for the same seed whatever the order of the rows."""

import hashlib
import math
from collections.abc import Mapping

import pandas as pd

from videoqa._checks import check_integer, check_number, refusal


def split_by_group(groups: pd.Series, fractions: Mapping[str, float], seed: int = 0) -> pd.Series:
    """Return the split of each row, every group whole in one split.

    Groups stand in the order of a hash of seed and name; the first ones go to the first split and so on,
    so the proportions are exact but for rounding, and neither row order nor row counts matter. Each split
    with a fraction above 0 gets a group as long as there are enough groups.

    Args:
        groups: group of each row, str.
        fractions: split to its part of the groups; they add up to 1.
        seed: 0 or more.

    Returns:
        Series of split names, indexed like `groups`.

    Raises:
        ValueError: fractions that are negative or do not add up to 1.
    """
    check_integer("seed", seed, minimum=0)
    for name, fraction in fractions.items():
        check_number(f"fraction of {name}", fraction, minimum=0, maximum=1)
    if not math.isclose(sum(fractions.values()), 1):
        raise ValueError(refusal("fractions", "add up to 1", dict(fractions)))
    ordered = sorted(groups.unique(), key=lambda group: hashlib.sha256(f"{seed}:{group}".encode()).digest())
    sizes = _sizes(len(ordered), fractions)
    names = [name for name, size in sizes.items() for _ in range(size)]
    return groups.map(dict(zip(ordered, names, strict=True)))


def _sizes(num_groups: int, fractions: Mapping[str, float]) -> dict[str, int]:
    """Groups per split: rounded down, the rest to the largest remainders, then none left empty."""
    sizes = {name: math.floor(fraction * num_groups + 1e-9) for name, fraction in fractions.items()}
    by_remainder = sorted(fractions, key=lambda name: sizes[name] - fractions[name] * num_groups)
    for name in by_remainder[: num_groups - sum(sizes.values())]:
        sizes[name] += 1
    wanted = [name for name, fraction in fractions.items() if fraction > 0]
    if num_groups >= len(wanted):
        for name in wanted:
            if sizes[name] == 0:
                sizes[max(sizes, key=lambda other: sizes[other])] -= 1
                sizes[name] = 1
    return sizes
