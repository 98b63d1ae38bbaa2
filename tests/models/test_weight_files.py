import hashlib
import http.server
import inspect
import socket
import threading
import urllib.request

import h5py
import keras
import numpy as np
import pytest

from videoqa.models import weight_files
from videoqa.models.backbones import backbone_identity, build_backbone
from videoqa.models.weight_files import IMAGENET_FILE, load_weights_file, weights_file

CONTENT = b"stands for the weights" * 1000


def small_network(channels=3):
    frames = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(channels, 3)(frames)
    cut = keras.layers.BatchNormalization()(x)
    end = keras.layers.Conv2D(2, 3)(cut)
    return keras.Model(frames, end), keras.Model(frames, cut)


def write_legacy(path, network, group=None, shift=0.0):
    """Write Keras 2's layout: names of layers and weights as attributes, arrays under them."""
    with h5py.File(path, "w") as file:
        root = file.create_group(group) if group else file
        root.attrs["layer_names"] = [layer.name.encode() for layer in network.layers]
        for layer in network.layers:
            names = [f"{layer.name}/{weight.name}:0" for weight in layer.weights]
            within = root.create_group(layer.name)
            within.attrs["weight_names"] = [name.encode() for name in names]
            for name, value in zip(names, layer.get_weights(), strict=True):
                within[name] = value + np.float32(shift)


def write_keras_3(path, network):
    network.save_weights(path.parent / "written.weights.h5")
    (path.parent / "written.weights.h5").rename(path)


@pytest.mark.parametrize("name", ["w.weights.h5", "w.h5", "w.hdf5", "w"])
@pytest.mark.parametrize("write", [write_keras_3, write_legacy])
@pytest.mark.parametrize("part", [0, 1])
def test_a_file_is_told_by_its_content_not_its_name(tmp_path, name, write, part):
    source = small_network()
    for layer in source[0].layers:
        layer.set_weights([np.random.default_rng(0).random(value.shape) for value in layer.get_weights()])
    write(tmp_path / name, source[part])
    target = small_network()
    load_weights_file(tmp_path / name, [target[1], target[0]], "small")
    for old, new in zip(source[part].get_weights(), target[part].get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_whole_legacy_model_file_is_read_too(tmp_path):
    source, target = small_network(), small_network()
    write_legacy(tmp_path / "model.h5", source[0], group="model_weights")
    load_weights_file(tmp_path / "model.h5", target, "small")
    np.testing.assert_array_equal(source[0].get_weights()[0], target[0].get_weights()[0])


def test_files_of_another_kind_are_refused_saying_what_was_expected(tmp_path):
    network = small_network()[0]
    whole = tmp_path / "w.weights.h5"
    network.save_weights(whole)
    cases = {"text.h5": b"no weights", "empty.h5": b"", "cut.h5": whole.read_bytes()[:3000]}
    for name, content in cases.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(
            ValueError, match=r"be the weights of small.*Received: .*this file has no readable"
        ):
            load_weights_file(tmp_path / name, [network], "small")
    with pytest.raises(ValueError, match="Expected 6 arrays; this file has 8"):
        load_weights_file(whole, [small_network()[1]], "small")
    for write in (write_keras_3, write_legacy):
        write(tmp_path / "other.h5", network)
        with pytest.raises(ValueError, match="be the weights of small.*Cause: "):
            load_weights_file(tmp_path / "other.h5", [small_network(channels=4)[0]], "small")


def test_weights_that_are_not_finite_are_refused(tmp_path):
    network, _ = small_network()
    network.layers[2].moving_variance.assign([1.0, np.nan, 1.0])
    write_keras_3(tmp_path / "diverged.weights.h5", network)
    with pytest.raises(ValueError, match=r"weights of layer 'batch_norm\w+' are not finite"):
        load_weights_file(tmp_path / "diverged.weights.h5", [small_network()[0]], "small")


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="`backbone_weights` must be an existing file.*'imagenet'"):
        build_backbone("inception_v3", weights=tmp_path / "none.h5", frame_size=(75, 75))
    with pytest.raises(ValueError, match="this is a directory"):
        weights_file("tiny", tmp_path)
    with pytest.raises(ValueError, match="be 'package', a file or None with backbone='tiny'"):
        weights_file("tiny", "imagenet")


def test_name_address_and_hash_are_those_keras_uses():
    import keras.src.applications.inception_v3 as module

    assert module.WEIGHTS_PATH_NO_TOP == weight_files.IMAGENET_URL
    assert f'file_hash="{weight_files.IMAGENET_MD5}"' in inspect.getsource(module)


@pytest.fixture
def models_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(urllib.request, "_opener", None)  # or the proxies of an earlier test would stay
    return tmp_path / "models"


@pytest.fixture
def site(monkeypatch):
    """Serve CONTENT as the weights on this machine."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(CONTENT)))
            self.end_headers()
            self.wfile.write(CONTENT)

        def log_message(self, *_):
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/{IMAGENET_FILE}"
        monkeypatch.setattr(weight_files, "IMAGENET_URL", url)
        yield
        server.shutdown()


def test_without_network_the_error_says_what_to_bring_and_where(models_folder, monkeypatch):
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # nobody listens there
    with pytest.raises(ConnectionError) as error:
        build_backbone("inception_v3", weights="imagenet", frame_size=(75, 75))
    for part in (IMAGENET_FILE, weight_files.IMAGENET_URL, f"the folder {models_folder},", "--backbone tiny"):
        assert part in str(error.value)
    assert list(models_folder.iterdir()) == []


def test_a_site_that_never_answers_is_given_up(models_folder, monkeypatch):
    monkeypatch.setattr(weight_files, "DOWNLOAD_TIMEOUT_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setattr(weight_files, "IMAGENET_URL", f"http://127.0.0.1:{server.getsockname()[1]}/none")
        with pytest.raises(ConnectionError, match="timed out"):
            weights_file("inception_v3", "imagenet")
    assert socket.getdefaulttimeout() is None


def test_a_download_is_checked_kept_and_not_made_twice(models_folder, site, monkeypatch, capsys):
    monkeypatch.setattr(weight_files, "IMAGENET_MD5", hashlib.md5(CONTENT).hexdigest())
    digest = hashlib.sha256(CONTENT).hexdigest()
    assert backbone_identity("inception_v3", "imagenet")["weights_sha256"] == digest
    assert [path.name for path in models_folder.iterdir()] == [IMAGENET_FILE]
    assert capsys.readouterr().out == ""
    monkeypatch.setattr(weight_files, "IMAGENET_URL", "http://127.0.0.1:9/none")
    assert weights_file("inception_v3", "imagenet") == models_folder / IMAGENET_FILE


def test_a_download_with_another_hash_is_thrown_away(models_folder, site):
    with pytest.raises(ConnectionError, match="hash does not match"):
        weights_file("inception_v3", "imagenet")
    assert list(models_folder.iterdir()) == []


def test_a_wrong_file_brought_by_hand_is_named_and_left_alone(models_folder):
    models_folder.mkdir()
    (models_folder / IMAGENET_FILE).write_bytes(CONTENT)
    with pytest.raises(
        ValueError, match=f"{IMAGENET_FILE} must be Keras's ImageNet weights, md5 bcbd.*Remove"
    ):
        weights_file("inception_v3", "imagenet")
    assert (models_folder / IMAGENET_FILE).read_bytes() == CONTENT


@pytest.mark.slow
def test_a_whole_legacy_file_brought_by_hand_serves_a_cut(inception, models_folder, monkeypatch):
    models_folder.mkdir()
    path = models_folder / IMAGENET_FILE
    write_legacy(path, inception, shift=0.5)
    monkeypatch.setattr(weight_files, "IMAGENET_MD5", hashlib.md5(path.read_bytes()).hexdigest())
    cut = build_backbone("inception_v3", weights="imagenet", layer="mixed0", frame_size=(75, 75))
    assert not cut.trainable_weights
    whole_layers, cut_layers = (
        [layer for layer in part.layers if layer.weights] for part in (inception, cut)
    )
    assert len(cut_layers) == 2 * 12  # the stem has 5 convolutions, the first block 7
    for old, new in zip(whole_layers, cut_layers, strict=False):
        for before, after in zip(old.get_weights(), new.get_weights(), strict=True):
            np.testing.assert_array_equal(after, before + np.float32(0.5))


@pytest.mark.slow
def test_a_file_of_a_cut_network_says_where_to_cut(inception, tmp_path):
    cut = keras.Model(inception.inputs, inception.get_layer("mixed3").output)
    cut.save_weights(tmp_path / "cut.weights.h5")
    counts = f"Expected {len(inception.weights)} arrays; this file has {len(cut.weights)}"
    with pytest.raises(ValueError, match=rf"{counts}\. InceptionV3 up to mixed3 .* --backbone-layer mixed3 "):
        build_backbone("inception_v3", weights=str(tmp_path / "cut.weights.h5"), frame_size=(75, 75))
