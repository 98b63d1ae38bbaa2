"""The view "flipped": features of mirrored frames, beside those of the plain ones."""

import numpy as np

from videoqa.features.cache_keys import FLIPPED, clip_key_parts
from videoqa.features.encoding import FrameEncoder, encode_clips, load_features
from videoqa.features.frame_encoder import encode_frames
from videoqa.video.decoding import ClipRequest, decode


def test_the_flipped_view_is_the_encoding_of_mirrored_frames(write_video, cache, model, sampling):
    request, encoder = ClipRequest(write_video()), FrameEncoder(model)
    plain = encode_clips([request], sampling, model, cache=cache, encoder=encoder, progress=False)
    flipped = encode_clips(
        [request], sampling, model, cache=cache, encoder=encoder, view=FLIPPED, progress=False
    )
    assert flipped.num_encoded == 1 and flipped.rows["key"][0] != plain.rows["key"][0]
    frames = decode(request, sampling, frame_size=(16, 16)).frames
    expected = encode_frames(np.ascontiguousarray(frames[:, :, ::-1]), encoder)
    assert load_features(flipped)[0].tobytes() == expected.tobytes()
    assert load_features(plain)[0].tobytes() != expected.tobytes()
    assert clip_key_parts(request, sampling, model, cache, view=FLIPPED)["view"] == "flipped"
    cache.clear()
    assert load_features(flipped)[0].tobytes() == expected.tobytes(), "it is made again in the same view"
