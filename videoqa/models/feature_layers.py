"""Keras layers that prepare the features of frames for the branch that reads them."""

from typing import Any

import keras

from videoqa._checks import check_integer

LEAST_DEVIATION = 0.02
"""Of a feature, as a share of the root mean square of all deviations."""


@keras.saving.register_keras_serializable(package="videoqa")
class FrameDifferences(keras.layers.Layer):
    """Sets beside each frame's features how some of them changed since the frame before.

    `(batch, num_frames, dim)` → `(batch, num_frames, dim + num_columns)`: the features, then their first
    `num_columns` less those of the frame before; 0 at the first frame.

    Args:
        num_columns: of the features, from the first on: those of the backbone.
    """

    def __init__(self, num_columns: int, **options: Any) -> None:
        super().__init__(**options)
        check_integer("num_columns", num_columns, minimum=1)
        self.num_columns = num_columns

    def call(self, features: Any) -> Any:
        """Return the features with their differences."""
        chosen = features[..., : self.num_columns]
        changes = chosen[:, 1:] - chosen[:, :-1]
        return keras.ops.concatenate([features, keras.ops.pad(changes, ((0, 0), (1, 0), (0, 0)))], axis=-1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape with the differences."""
        return (*input_shape[:-1], input_shape[-1] + self.num_columns)

    def get_config(self) -> dict[str, Any]:
        """Return what builds the layer again."""
        return super().get_config() | {"num_columns": self.num_columns}


@keras.saving.register_keras_serializable(package="videoqa")
class LaterColumns(keras.layers.Layer):
    """Leaves out the first features: `(batch, num_frames, dim)` → `(batch, num_frames, dim - num_columns)`.

    Args:
        num_columns: how many.
    """

    def __init__(self, num_columns: int, **options: Any) -> None:
        super().__init__(**options)
        check_integer("num_columns", num_columns, minimum=1)
        self.num_columns = num_columns

    def call(self, features: Any) -> Any:
        """Return the features behind the first."""
        return features[..., self.num_columns :]

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape without the first features."""
        return (*input_shape[:-1], input_shape[-1] - self.num_columns)

    def get_config(self) -> dict[str, Any]:
        """Return what builds the layer again."""
        return super().get_config() | {"num_columns": self.num_columns}


@keras.saving.register_keras_serializable(package="videoqa")
class FeatureStandardization(keras.layers.Layer):
    """Subtracts a mean from each feature and multiplies it by a factor; `(batch, num_frames, dim)`.

    Both are weights that no gradient changes: 0 and 1 at first, until `adapt_to` sets them.
    """

    def build(self, input_shape: Any) -> None:
        """Make the weights for `input_shape[-1]` features."""
        shape = (input_shape[-1],)
        self.mean = self.add_weight(shape, name="mean", initializer="zeros", trainable=False)
        self.factor = self.add_weight(shape, name="factor", initializer="ones", trainable=False)
        self.built = True

    def adapt_to(self, mean: Any, deviation: Any) -> None:
        """Let features with this mean and deviation, float `(dim,)` each, come out with 0 and 1.

        A deviation below `LEAST_DEVIATION` of all is taken for that: what hardly varied in training would
        otherwise be blown up.
        """
        least = LEAST_DEVIATION * float((deviation**2).mean() ** 0.5)
        self.mean.assign(mean)
        self.factor.assign(1 / deviation.clip(min=max(least, 1e-6)))

    def call(self, features: Any) -> Any:
        """Return the standardized features."""
        return (features - self.mean) * self.factor

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return `input_shape`."""
        return input_shape
