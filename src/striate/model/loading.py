"""Loading a saved network."""

import os

from striate.model import files
from striate.model.core import Core
from striate.model.engines import EngineName, Engines
from striate.model.network import Network, wrapped


def load(
    path: str | os.PathLike[str], *, engine: EngineName = "auto", winograd: bool = True
) -> Network:
    """Load a network that :meth:`Network.save` wrote. Nothing in the file is executed.

    Parameters
    ----------
    path
        The file.
    engine, winograd
        As for :class:`striate.Network`.

    Returns
    -------
    Network

    Raises
    ------
    ModelFileError
        If the file is missing or damaged, isn't a model, or was saved by a newer version.
    OptionError
        If ``engine`` is unknown.

    Examples
    --------
    See :meth:`striate.Network.save`.
    """
    saved = files.load(path)
    return wrapped(
        Core(
            Engines(saved.graph, engine, winograd=winograd),
            (saved.parameters, saved.statistics),
            preprocessing=saved.preprocessing,
            classes=saved.classes,
            losses=saved.losses,
            loss_weights=saved.loss_weights,
            target_scaling=saved.target_scaling,
            target_names=saved.target_names,
            trained_on=saved.trained_on,
        )
    )
