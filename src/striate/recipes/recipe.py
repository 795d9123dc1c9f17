"""A recipe: a network and the settings to train it with."""

from dataclasses import dataclass, replace
from typing import Any

from striate.functions import registry
from striate.functions.loss import CrossEntropy
from striate.functions.options import Range, require_argument
from striate.training.settings import TrainingSettings

_SMOOTHING = Range(least=0, most=1)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A network and the settings to train it with.

    Parameters
    ----------
    net
        Name of a preset, or layers in shorthand with ``{classes}`` for the number of classes;
        ``None`` chooses a network by the size of the images.
    settings
        How to train it.

    Examples
    --------
    >>> recipe = Recipe(net="lenet5", settings=TrainingSettings(augment="flip"))
    >>> print(recipe.changed(epochs=5, learning_rate=0.01))
    lenet5, 5 epochs, batch size 128, adam, learning rate 0.01, schedule constant, augment flip
    horizontal
    """

    net: str | None
    settings: TrainingSettings

    @property
    def label_smoothing(self) -> float:
        """Fraction of each label that is shared equally among all classes."""
        loss = self.settings.loss
        return loss.label_smoothing if isinstance(loss, CrossEntropy) else 0.0

    def changed(
        self, *, net: str | None = None, label_smoothing: float | None = None, **settings: Any
    ) -> "Recipe":
        """Return the recipe with the user's changes.

        Parameters
        ----------
        net, label_smoothing
            Replace the recipe's, unless ``None``.
        settings
            Settings by name; ``None`` keeps the recipe's.

        Returns
        -------
        Recipe

        Raises
        ------
        OptionError
            If a value is not allowed.
        """
        changes = {name: value for name, value in settings.items() if value is not None}
        if label_smoothing is not None:
            require_argument("label_smoothing", label_smoothing, _SMOOTHING, example=0.1)
            smoothed = CrossEntropy(label_smoothing=label_smoothing)
            changes["loss"] = smoothed if label_smoothing else None
        return Recipe(
            net=self.net if net is None else net, settings=replace(self.settings, **changes)
        )

    def document(self) -> dict[str, Any]:
        """Return the recipe as a JSON-serializable dict."""
        settings = self.settings
        return {
            "net": self.net,
            "epochs": settings.epochs,
            "batch_size": settings.batch_size,
            "optimizer": registry.name_of(settings.optimizer),
            "learning_rate": settings.optimizer.learning_rate,
            "schedule": registry.name_of(settings.schedule),
            "augment": str(settings.augment or ""),
            "label_smoothing": self.label_smoothing,
            "validation": settings.validation,
            "early_stopping": settings.early_stopping,
            "standardize": settings.standardize,
            "standardize_targets": settings.standardize_targets,
            "metrics": [metric.name for metric in settings.metrics]
            if isinstance(settings.metrics, tuple)
            else [],
            "class_weight": settings.class_weight,
            "clip_norm": settings.clip_norm,
            "freeze": settings.freeze,
            "seed": settings.seed,
        }

    def __str__(self) -> str:
        """Describe the recipe in one line."""
        settings = self.settings
        parts = [
            self.net or "a network for the size of the images",
            f"{settings.epochs} epoch{'' if settings.epochs == 1 else 's'}",
            f"batch size {settings.batch_size}",
            registry.name_of(settings.optimizer),
            f"learning rate {settings.optimizer.learning_rate:g}",
            f"schedule {registry.name_of(settings.schedule)}",
        ]
        parts += [f"augment {settings.augment}"] if settings.augment else []
        parts += [f"freeze {_frozen(settings.freeze)}"] if settings.freeze else []
        parts += [f"label smoothing {self.label_smoothing:g}"] if self.label_smoothing else []
        return ", ".join(parts)


def _frozen(freeze: tuple[str, ...] | int) -> str:
    """Describe the layers that training leaves unchanged."""
    if isinstance(freeze, tuple):
        return " ".join(freeze)
    if freeze < 0:
        return "all but the last layer" if freeze == -1 else f"all but the last {-freeze} layers"
    return "the first layer" if freeze == 1 else f"the first {freeze} layers"
