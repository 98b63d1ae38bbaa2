"""The table of architectures."""

from videoqa.config import choices
from videoqa.config.architectures import ARCHITECTURES


def test_the_table_equals_the_dicts_it_replaces() -> None:
    assert tuple(ARCHITECTURES) == choices.ARCHITECTURES
    of = ARCHITECTURES
    assert {n: f.frame_size for n, f in of.items() if f.frame_size} == choices.ARCHITECTURE_FRAME_SIZES
    assert {n: f.smallest_frame for n, f in of.items() if f.smallest_frame} == {
        n: size for n, size in choices.SMALLEST_FRAMES.items() if n in of
    }
    assert {n: f.l2 for n, f in of.items()} == choices.ARCHITECTURE_L2
    assert {n: f.dropout for n, f in of.items()} == choices.ARCHITECTURE_DROPOUT
    assert {n: dict(f.defaults) for n, f in of.items()} == choices.ARCHITECTURE_DEFAULTS
    assert [n for n, f in of.items() if f.has_backbone] == ["cnn_lstm"]
    assert [n for n, f in of.items() if f.full_batches_only] == ["c3d"]
    assert [n for n, f in of.items() if f.needs_mask and f.segment_frames == 20] == ["conv_lstm"]
