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
