"""Tells when clips that are to be encoded are in the cache already, with another grid or without flow."""

from collections.abc import Mapping, Sequence
from typing import Any

from videoqa.config import POOLINGS
from videoqa.features.cache import FeatureCache
from videoqa.features.cache_keys import FLOW, POOLING, flow_parts, key_of

NUM_LOOKED_UP = 64
"""Clips that are looked up: enough to notice, and quick however many there are."""


def note_on_other_features(missing: Sequence[Mapping[str, Any]], cache: FeatureCache) -> str:
    """Return a sentence for clips that are cached with other features of the same backbone; "" for none.

    Args:
        missing: of each clip that is to be encoded, the parts of its key.
        cache: where the others may be.
    """
    looked_up = missing[:: max(len(missing) // NUM_LOOKED_UP, 1)]
    if not looked_up:
        return ""
    own = _described(looked_up[0])
    for pooling in POOLINGS:
        for flow in ({}, flow_parts()):
            others = [_others(parts, pooling, flow) for parts in looked_up]
            found = _described(others[0])
            if found != own and any(cache.holds(key_of(parts)) for parts in others):
                return f"Clips are in the cache with {found}; with {own} they are encoded again."
    return ""


def _others(parts: Mapping[str, Any], pooling: str, flow: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parts of the key of the same clip with other features."""
    kept = {name: part for name, part in parts.items() if name not in (POOLING, FLOW)}
    return {**kept, **({} if pooling == "mean" else {POOLING: pooling}), **flow}


def _described(parts: Mapping[str, Any]) -> str:
    return f"pooling={parts.get(POOLING, 'mean')!r} and {'flow' if FLOW in parts else 'no flow'}"
