"""How many groups each split has."""

import hashlib
import math
from collections.abc import Iterable, Mapping

from videoqa._checks import Refusal, check_integer, check_number
from videoqa._files import name_bytes


def group_counts(num_groups: int, fractions: Mapping[str, float]) -> dict[str, int]:
    """Return how many groups each split has: rounded down, the rest by largest remainder, none left empty.

    Each split with a fraction above 0 gets a group if there are enough.

    Args:
        num_groups: number of groups.
        fractions: split -> its share of the groups; they add up to 1.

    Raises:
        ValueError: fractions that are negative or do not add up to 1.
    """
    for name, fraction in fractions.items():
        check_number(f"fraction of {name}", fraction, minimum=0, maximum=1)
    if not math.isclose(sum(fractions.values()), 1):
        raise Refusal("fractions", "add up to 1", dict(fractions))
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


def in_drawn_order(groups: Iterable[str], seed: int) -> list[str]:
    """Return the groups in the order of a hash of seed and name, whatever order they come in."""
    check_integer("seed", seed, minimum=0)
    return sorted(groups, key=lambda group: hashlib.sha256(name_bytes(f"{seed}:{group}")).digest())
