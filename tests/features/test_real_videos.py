"""Real videos and real weights, where they are."""

import pytest

from videoqa.config import ModelConfig, SamplingConfig
from videoqa.features.cache import FeatureCache
from videoqa.features.encoding import FrameEncoder, encode_clips, load_features
from videoqa.video.decoding import ClipRequest

SAMPLING = SamplingConfig(num_frames=8)


@pytest.mark.slow
@pytest.mark.real_data
def test_every_awkward_file_is_encoded_or_a_row_that_says_why(real_data, cache, model):
    requests = [ClipRequest(str(path)) for path in sorted((real_data / "awkward").iterdir())]
    report = encode_clips(requests, SAMPLING, model, cache=cache)
    num_good = report.num_encoded + report.num_cached
    assert len(report.rows) == len(requests) == num_good + report.num_failed
    assert (report.rows["error"].str.len() > 10).tolist() == (report.rows["status"] == "failed").tolist()
    assert len(load_features(report)) == num_good > 10
    again = encode_clips(requests, SAMPLING, model, cache=cache)
    assert (again.num_encoded, again.num_cached) == (0, num_good)


@pytest.mark.numeric
@pytest.mark.real_data
@pytest.mark.slow
def test_inception_features_have_the_same_bits_in_any_company(real_data, tmp_path):
    weights = real_data / "weights" / "inception_v3_imagenet2015_to_mixed8.weights.h5"
    model = ModelConfig(backbone_weights=str(weights), backbone_layer="mixed8", frame_size=(75, 75))
    encoder = FrameEncoder(model, batch_size=16)
    paths = sorted((real_data / "ucf101_subset" / "PushUps").glob("*.avi"))[:4]
    requests = [ClipRequest(str(path)) for path in paths]
    together = encode_clips(requests, SAMPLING, model, cache=FeatureCache(tmp_path / "1"), encoder=encoder)
    alone = [
        encode_clips([request], SAMPLING, model, cache=FeatureCache(tmp_path / "2"), encoder=encoder)
        for request in reversed(requests)
    ][::-1]
    features = load_features(together)
    assert features.shape == (4, 8, 1280)
    for report, expected in zip(alone, features, strict=True):
        assert load_features(report)[0].tobytes() == expected.tobytes()
