"""What other libraries call striate's kinds and options: used for suggestions, never accepted.

A user who types ``loss="categorical_crossentropy"`` or ``filters=6`` knows what they want. The
error names striate's word for it.
"""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from types import MappingProxyType

NAMES: Mapping[str, str] = MappingProxyType(
    {
        # losses
        "bce": "binary-cross-entropy",
        "bceloss": "binary-cross-entropy",
        "bce-with-logits": "binary-cross-entropy",
        "bcewithlogitsloss": "binary-cross-entropy",
        "binary-crossentropy": "binary-cross-entropy",
        "sigmoid-cross-entropy": "binary-cross-entropy",
        "categorical-crossentropy": "cross-entropy",
        "crossentropy": "cross-entropy",
        "crossentropyloss": "cross-entropy",
        "log-loss": "cross-entropy",
        "negative-log-likelihood": "cross-entropy",
        "nll": "cross-entropy",
        "nllloss": "cross-entropy",
        "softmax-cross-entropy": "cross-entropy",
        "sparse-categorical-crossentropy": "cross-entropy",
        "l2": "squared-error",
        "l2loss": "squared-error",
        "mean-squared-error": "squared-error",
        "mse": "squared-error",
        "mseloss": "squared-error",
        "l1": "absolute-error",
        "l1loss": "absolute-error",
        "mae": "absolute-error",
        "mean-absolute-error": "absolute-error",
        "categorical-hinge": "hinge",
        "hinge-loss": "hinge",
        "multi-margin": "hinge",
        "svm": "hinge",
        "huber-loss": "huber",
        "smooth-l1": "huber",
        "smoothl1loss": "huber",
        # metrics
        "acc": "accuracy",
        "categorical-accuracy": "accuracy",
        "dice-coefficient": "dice",
        "dice-score": "dice",
        "f1-score": "f1",
        "f-score": "f1",
        "jaccard": "iou",
        "jaccard-index": "iou",
        "mean-iou": "iou",
        "miou": "iou",
        "r2-score": "r2",
        "root-mean-squared-error": "rmse",
        "sensitivity": "recall",
        "top-k": "topk",
        # transfer functions
        "expit": "logistic",
        "sigmoid": "logistic",
        "identity": "linear",
        "none": "linear",
        "swish": "silu",
        "hardswish": "hard-swish",
        "hard-silu": "hard-swish",
        "leakyrelu": "leaky-relu",
        "logsoftmax": "log-softmax",
        "relu6": "relu",
        "rectifier": "relu",
        # optimizers
        "amsgrad": "adam",
        "adamax": "adam",
        "nadam": "adam",
        "lion": "adam",
        "sgd": "gradient-descent",
        "heavy-ball": "momentum",
        "nag": "nesterov",
        "rms-prop": "rmsprop",
        # initializers
        "glorot": "glorot-uniform",
        "xavier": "glorot-uniform",
        "xavier-normal": "glorot-normal",
        "xavier-uniform": "glorot-uniform",
        "he": "he-normal",
        "kaiming": "he-normal",
        "kaiming-normal": "he-normal",
        "kaiming-uniform": "he-uniform",
        "variance-scaling": "he-normal",
        "lecun": "lecun-normal",
        "zero": "zeros",
        # learning-rate schedules
        "constantlr": "constant",
        "cosine-annealing": "cosine",
        "cosine-decay": "cosine",
        "cosineannealinglr": "cosine",
        "exponential-decay": "exponential",
        "exponentiallr": "exponential",
        "onecyclelr": "one-cycle",
        "plateau": "reduce-on-plateau",
        "reducelronplateau": "reduce-on-plateau",
        "step": "step-decay",
        "steplr": "step-decay",
        "warmup": "linear-warm-up",
        "linear-warmup": "linear-warm-up",
        # layers, as the shorthand and model files name them
        "avg": "average",
        "averagepool": "average",
        "avgpool": "average",
        "conv2d": "conv",
        "convolution": "conv",
        "convtranspose": "conv-transpose",
        "deconv": "conv-transpose",
        "fc": "dense",
        "fully-connected": "dense",
        "linear-layer": "dense",
        "maxpool": "max",
        "maxpool2d": "max",
        "anti-alias": "blur",
        "blurpool": "blur",
        "blurpool2d": "blur",
        "batchnorm": "batch-norm",
        "bn": "batch-norm",
        "concat": "concatenate",
        "mul": "multiply",
        "same-padding": "same",
        "sum-pool": "sum",
    }
)
"""Names of other libraries for striate's kinds, in lower case with hyphens."""

OPTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "act": ("activation",),
        "alpha": ("slope",),
        "betas": ("beta1",),
        "beta_1": ("beta1",),
        "beta_2": ("beta2",),
        "dilation_rate": ("dilation",),
        "eps": ("epsilon",),
        "features": ("neurons", "feature_maps"),
        "filters": ("feature_maps",),
        "filt_size": ("window",),
        "filter_size": ("kernel_size",),
        "initializer": ("initializer",),
        "kernel_initializer": ("initializer",),
        "kernel_shape": ("kernel_size", "window"),
        "kernel_size": ("window",),
        "lr": ("learning_rate",),
        "maps": ("feature_maps",),
        "negative_slope": ("slope",),
        "num_groups": ("groups",),
        "out_channels": ("feature_maps",),
        "out_features": ("neurons",),
        "output_size": ("size",),
        "p": ("rate",),
        "pad_mode": ("padding_mode",),
        "pad_type": ("padding_mode",),
        "pool_size": ("window",),
        "size": ("kernel_size", "window"),
        "strides": ("stride",),
        "target_shape": ("shape",),
        "units": ("neurons",),
        "use_bias": ("bias",),
        "window": ("kernel_size",),
    }
)
"""Option names of other libraries, each with striate's words for it."""


def nearest_name(word: object, known: Iterable[str]) -> str | None:
    """Find the known name that a user most likely meant.

    Parameters
    ----------
    word
        What the user typed.
    known
        The names to choose from.

    Returns
    -------
    str or None
        A synonym's counterpart, otherwise the closest spelling; ``None`` if none is close.

    Examples
    --------
    >>> nearest_name("categorical_crossentropy", ["cross-entropy", "hinge"])
    'cross-entropy'
    >>> nearest_name("cros-entropy", ["cross-entropy", "hinge"])
    'cross-entropy'
    """
    names = list(known)
    if not isinstance(word, str):
        return None
    same = same_name(word, names)
    if same is not None:
        return same
    meant = _written(word)
    # Only lower case is compared: "ReLU" is "relu".
    lower = {name.lower(): name for name in names}
    close = get_close_matches(meant, lower, n=1, cutoff=0.5)
    if close:
        return lower[close[0]]
    close = get_close_matches(meant, NAMES, n=1, cutoff=0.8)
    return NAMES[close[0]] if close and NAMES[close[0]] in names else None


def same_name(word: str, known: Iterable[str]) -> str | None:
    """Find the known name that a word is another spelling of, or that another library has for it.

    Examples
    --------
    >>> same_name("BatchNorm", ["batch-norm", "dense"]), same_name("dens", ["batch-norm", "dense"])
    ('batch-norm', None)
    """
    names = list(known)
    meant = _written(word)
    return next((name for name in (meant, NAMES.get(meant)) if name in names), None)


def _written(word: str) -> str:
    """Spell a word as names are: in lower case, with hyphens."""
    return word.strip().lower().replace("_", "-").replace(" ", "-")


def nearest_option(word: str, known: Iterable[str]) -> str | None:
    """Find the option that a user most likely meant.

    Examples
    --------
    >>> nearest_option("filters", ["feature_maps", "kernel_size"])
    'feature_maps'
    """
    names = list(known)
    for name in OPTIONS.get(word, ()):
        if name in names:
            return name
    close = get_close_matches(word, names, n=1)
    return close[0] if close else None


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """Write the suggestion of an error, with a space in front; empty if no name is close.

    Examples
    --------
    >>> did_you_mean("cnov", ["conv", "dense"])
    ' Did you mean "conv"?'
    """
    found = nearest_name(word, known)
    return f' Did you mean "{found}"?' if found is not None else ""
