from videoqa.config import ModelConfig
from videoqa.models.summary import layer_table

SMALL = {"backbone": "tiny", "video_units": 6, "hidden_units": 4, "num_answers": 3}


def test_lists_the_layers_of_both_forms_without_reading_weights():
    model = ModelConfig(**SMALL, backbone_weights="/nowhere.h5", embedding_dim=3, question_units=5)
    table = layer_table(model).set_index("layer")
    assert list(table.columns) == ["type", "output_shape", "parameters", "trained", "form"]
    assert table.form.to_dict() == {
        "clip": "clip",
        "backbone": "clip",
        "features": "features",
        "total": "clip",
    } | {name: "both" for name in table.index if name not in ("clip", "backbone", "features", "total")}
    assert table.loc["hidden", "parameters"] == (6 + 5) * 4 + 4
    assert table.loc["answer", "output_shape"] == "(None, 3)"
    assert table.loc["clip", "output_shape"] == "(None, None, 96, 96, 3)"
    assert table.loc["backbone", ["type", "trained"]].tolist() == ["TimeDistributed", 0]
    assert table.parameters["total"] == table.parameters.drop("total").sum()
    assert table.trained["total"] == table.parameters["total"] - table.parameters["backbone"]


def test_lists_action_and_blind_models():
    action = layer_table(ModelConfig(task="action", **SMALL), num_frames=8).set_index("layer")
    assert action.loc["clip", "output_shape"] == "(None, 8, 96, 96, 3)" and "question" not in action.index
    blind = layer_table(ModelConfig(**SMALL, video_branch="none")).set_index("layer")
    assert not {"clip", "features", "backbone", "join"} & set(blind.index)
    assert blind.parameters["total"] == blind.parameters.drop("total").sum()


def test_lists_the_one_form_of_architectures_without_a_backbone():
    options = {"task": "action", "num_answers": 9}
    c3d = layer_table(ModelConfig(**options, architecture="c3d", width=0.02)).set_index("layer")
    assert set(c3d.form) == {"clip"} and c3d.loc["clip", "output_shape"] == "(None, 10, 112, 112, 3)"
    assert c3d.trained["total"] < c3d.parameters["total"]
    published = layer_table(ModelConfig(**options, architecture="conv_lstm")).set_index("layer")
    assert published.parameters["total"] == published.trained["total"] == 149_599
    assert published.loc["lstm", ["output_shape", "parameters"]].tolist() == ["(None, None, 50)", 20_350]
    assert published.loc["conv1", "output_shape"] == "(None, 58, 78, 30)"
