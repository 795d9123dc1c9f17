"""A training as the command runs it: from the data to the model, the report and the pictures."""

import shlex
import time
from dataclasses import asdict, dataclass, fields, replace
from math import prod
from pathlib import Path

from rich.text import Text

from striate.cli.networks import labels_for, make, set_classes, weights_hash
from striate.cli.options import announce_downloads
from striate.cli.output import Output, counted, sizes
from striate.cli.places import Places
from striate.cli.recipes import RECIPES, Recipe, another, recipe_for, require_recipe, size_for
from striate.cli.report import Tested, say_accuracy, say_confusion, say_worst, test
from striate.data import Dataset, open_dataset
from striate.errors import ExtraError, OptionError
from striate.functions.base import Loss
from striate.functions.loss import CrossEntropy
from striate.graph.step import TrainingStep
from striate.model.engines import EngineName
from striate.model.losses import losses_of
from striate.model.network import Network
from striate.model.presets import PRESETS
from striate.pictures import save_all
from striate.training.history import History
from striate.training.progress import epoch_line
from striate.training.settings import TrainingSettings
from striate.training.state import HistoryRow, TrainingState

_FEW_NAMES = 10
_BESIDE_THE_RECIPE = (
    "recipe",
    "validation",
    "early_stopping",
    "standardize",
    "class_weight",
    "size",
    "resize",
    "resume",
)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the user says; ``None`` leaves it to the recipe."""

    data: str
    recipe: str | None
    net: str | None
    epochs: int | None
    batch_size: int | None
    optimizer: str | None
    learning_rate: float | None
    schedule: str | None
    augment: str | None
    label_smoothing: float | None
    validation: float | None
    early_stopping: int | None
    standardize: bool
    class_weight: str | None
    seed: int
    engine: EngineName
    winograd: bool
    size: tuple[int, ...] | None
    resize: str
    download: bool
    output: Path | None
    checkpoint: Path | None
    resume: Path | None
    pictures: Path | None
    no_pictures: bool
    as_json: bool
    quiet: bool


def run(options: Options, out: Output, places: Places) -> None:
    """Open the data, train, save, test, and report.

    Parameters
    ----------
    options
        What the user says.
    out
        Where the report goes.
    places
        Where the files go.

    Raises
    ------
    StriateError
        If anything cannot be; what stands in the checkpoint by then is still there.
    KeyboardInterrupt
        On Ctrl-C; likewise.
    """
    require_recipe(options.data, options.recipe)  # before anything is downloaded
    dataset = open_dataset(
        options.data,
        size=_size(options),
        resize=options.resize,
        download=options.download,
        progress=announce_downloads(out),
    )
    recipe = _recipe(options, dataset)
    network = _network(recipe.net, dataset, options)
    _require_options(recipe, options, network)
    places.make_folders()
    _announce(out, dataset, recipe, network, places, options)
    started = time.perf_counter()
    history = _fit(network, dataset, recipe, options, out, places)
    seconds = time.perf_counter() - started
    network.save(places.model)
    out.say(f"\nTrained {counted(len(history), 'epoch')} in {_duration(seconds)}.")
    tested = None
    if len(dataset.x_test):
        tested = test(network, dataset.x_test, dataset.y_test, dataset.classes)
        say_accuracy(out, tested.evaluation, part="test")
        say_confusion(out, tested.evaluation)
        say_worst(out, tested, part="test")
    else:
        out.say("There are no images to test with: each class has too few.")
    pictures = _draw(options, out, places, network, history, tested)
    places.remove_checkpoint()
    _conclude(out, network, places, pictures, options)
    out.answer(
        {
            "data": {"name": dataset.name, "training_images": len(dataset.x)},
            "network": str(network),
            "parameters": network.parameter_count,
            "recipe": asdict(recipe) | {"seed": options.seed},
            "options": {name: getattr(options, name) for name in _BESIDE_THE_RECIPE},
            "history": history.rows,
            "seconds": seconds,
            "test": None if tested is None else tested.document(),
            "weights_sha256": weights_hash(network),
            "model": str(places.model),
            "pictures": list(map(str, pictures)),
        }
    )


def _require_options(recipe: Recipe, options: Options, network: Network) -> None:
    """Raise for what cannot be before anything is shown or made."""
    TrainingSettings(
        epochs=recipe.epochs,
        batch_size=recipe.batch_size,
        optimizer=recipe.optimizer,
        learning_rate=recipe.learning_rate,
        schedule=recipe.schedule,
        augment=recipe.augment,
        seed=options.seed,
        early_stopping=options.early_stopping,
    )
    TrainingStep.of(network.graph, losses_of(network.graph, _loss(recipe)))


def _loss(recipe: Recipe) -> Loss | None:
    """Give the loss where the recipe says more of it than the network's end does."""
    smoothing = recipe.label_smoothing
    return CrossEntropy(label_smoothing=smoothing) if smoothing else None


def _recipe(options: Options, dataset: Dataset) -> Recipe:
    """Take a recipe of the data set with the user's changes."""
    shape, classes = dataset.image_shape, bool(dataset.classes)
    recipe = recipe_for(options.data, shape, recipe=options.recipe, classes=classes)
    given = {field.name: getattr(options, field.name) for field in fields(Recipe)}
    return replace(recipe, **{name: value for name, value in given.items() if value is not None})


def _network(net: str, dataset: Dataset, options: Options) -> Network:
    """Make the network for a data set: its size of images, its number of classes."""
    if net in PRESETS and not dataset.classes:
        raise OptionError(
            f"{net} cannot be trained on {dataset.name}, whose targets are numbers. The networks "
            "that have a name tell classes apart. Write the layers, such as --net 'conv 8@3x3 relu "
            "| global-average | dense 1'."
        )
    outputs = len(dataset.classes) or prod(dataset.y.shape[1:])
    network = make(
        net,
        dataset.image_shape,
        outputs,
        seed=options.seed,
        engine=options.engine,
        winograd=options.winograd,
    )
    set_classes(network, dataset.classes)
    return network


def _announce(
    out: Output,
    dataset: Dataset,
    recipe: Recipe,
    network: Network,
    places: Places,
    options: Options,
) -> None:
    """Say what is going to happen."""
    count = len(dataset.classes)
    kinds = f"{count} classes{_listed(dataset.classes)}" if count else "numbers to predict"
    out.say(
        f"{dataset.name}: {len(dataset.x):,} images to train on, {len(dataset.x_test):,} to test "
        f"with, {sizes(dataset.image_shape)} pixels, {kinds}",
        style="bold",
    )
    filled = replace(recipe, net=recipe.net.replace("{classes}", str(count or 1)))
    out.say(f"recipe: {filled}, seed {options.seed}")
    for note in dataset.notes:
        out.say(f"note: {note}")
    if options.size is None and size_for(options.data):
        out.say("note: large pictures train slowly, so these were made smaller; --size decides.")
    if not (out.as_json or out.quiet):
        out.say(Text.from_ansi(f"\n{network.summary()}\n"))
    if options.resume is not None:
        out.say(f"Going on from {options.resume}.")
    elif places.checkpoint.is_file():
        out.say(
            f"note: {places.checkpoint}, from a training that was stopped, will be replaced; "
            f"to go on with that one instead, add --resume {places.checkpoint}."
        )
    out.say(
        "Training; Ctrl-C stops and saves. An epoch is one pass through the training images, the "
        "loss says how wrong the answers still are, the accuracy how often they are right."
    )


class _EpochLines:
    """Says one line for each epoch, where there is no terminal for a progress bar."""

    def __init__(self, out: Output, epochs: int) -> None:
        self.out = out
        self.epochs = epochs

    def on_step(self, state: TrainingState, loss: float, images: int) -> None:
        """Say nothing."""

    def on_epoch(self, state: TrainingState, row: HistoryRow) -> None:  # noqa: ARG002  # a listener's signature
        """Say how the epoch went."""
        self.out.note(epoch_line(row, self.epochs))


def _fit(
    network: Network,
    dataset: Dataset,
    recipe: Recipe,
    options: Options,
    out: Output,
    places: Places,
) -> History:
    """Train, with a progress bar on a terminal and a line for each epoch elsewhere."""
    bar = out.remarks.is_terminal and not options.quiet
    return network.fit(
        dataset.x,
        labels_for(network, dataset.y, dataset.classes),
        epochs=recipe.epochs,
        batch_size=recipe.batch_size,
        optimizer=recipe.optimizer,
        learning_rate=recipe.learning_rate,
        schedule=recipe.schedule,
        loss=_loss(recipe),
        augment=recipe.augment or None,
        validation=options.validation,
        early_stopping=options.early_stopping,
        standardize=options.standardize,
        class_weight=options.class_weight,
        seed=options.seed,
        checkpoint=places.checkpoint,
        resume=options.resume,
        progress=bar,
        callbacks=() if bar else (_EpochLines(out, recipe.epochs),),
    )


def _draw(
    options: Options,
    out: Output,
    places: Places,
    network: Network,
    history: History,
    tested: Tested | None,
) -> list[Path]:
    """Draw what was learned, if matplotlib is there."""
    if options.no_pictures:
        return []
    try:
        return save_all(
            places.pictures,
            network=network,
            history=history,
            evaluation=None if tested is None else tested.evaluation,
            x=None if tested is None else tested.x,
            y=None if tested is None else tested.y,
            probabilities=tested.scores if tested is not None and tested.probabilities else None,
        )
    except ExtraError:
        out.say("\nFor pictures of what was learned: pip install 'striate[plot]'")
        return []


def _conclude(
    out: Output, network: Network, places: Places, pictures: list[Path], options: Options
) -> None:
    """Say what was written and what to try next."""
    out.say(
        f"\nweights {weights_hash(network)} (a hash; training again on this machine gives the same)"
    )
    out.say(f"saved {places.model}", whole=True)
    for path in pictures:
        out.say(f"drew  {path}", whole=True)
    model, data = shlex.quote(str(places.model)), shlex.quote(options.data)
    out.say("\nTry next:", style="bold")
    resize = "" if options.resize == "fit" else f" --resize {options.resize}"
    out.say(f"  striate evaluate {model} {data}{resize}", whole=True)
    out.say(f"  striate predict {model} PICTURE.png{resize}", whole=True)
    out.say(f"  striate summary {model}", whole=True)
    if options.net is None and options.data in RECIPES:
        out.say(f"  striate train {data} {another(options.data, options.recipe)}", whole=True)


def _size(options: Options) -> tuple[int, int] | None:
    """Choose the size of the images: the user's, a small one for photographs, or their own."""
    if options.size is None:
        return size_for(options.data)
    return options.size[0], options.size[-1]


def _listed(names: tuple[str, ...]) -> str:
    """List names in brackets, the middle ones of many left out; numbers need no list."""
    if all(map(str.isdecimal, names)):
        return ""
    shown = names if len(names) <= _FEW_NAMES else (*names[: _FEW_NAMES - 2], "...", names[-1])
    return f" ({', '.join(shown)})"


def _duration(seconds: float) -> str:
    """Write a time as people say it."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"
