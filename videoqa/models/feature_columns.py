"""The layout of a frame's feature vector: `[usual | cells of a grid | flow forwards | flow backwards]`."""

from dataclasses import dataclass

from videoqa.config import ModelConfig
from videoqa.models.backbones import feature_dim


@dataclass(frozen=True)
class FeatureColumns:
    """How many columns of a frame's vector are what, from the left.

    Attributes:
        usual: the backbone's features without a grid; they are the same with every pooling.
        backbone: all that the backbone gives, the cells of a grid included.
        flow: each of the two blocks behind them: the flow from the frame before, and from the frame after; 0
            without flow.
    """

    usual: int
    backbone: int
    flow: int

    @property
    def total(self) -> int:
        """Length of the vector."""
        return self.backbone + 2 * self.flow


def feature_columns(model: ModelConfig) -> FeatureColumns:
    """Return the layout of the features that a model reads, without building anything.

    Raises:
        ValueError: an architecture without a backbone.
    """
    usual, backbone = (
        feature_dim(model.backbone, model.backbone_layer, pooling) for pooling in ("mean", model.pooling)
    )
    return FeatureColumns(usual, backbone, model.num_flow)
