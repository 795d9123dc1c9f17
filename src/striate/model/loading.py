"""Reading a saved network."""

import os

from striate.model import files
from striate.model.engines import EngineName
from striate.model.network import Network


def load(
    path: str | os.PathLike[str], *, engine: EngineName = "auto", winograd: bool = True
) -> Network:
    """Read a network that :meth:`Network.save` wrote. Nothing in the file is executed.

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
        If the file is damaged, is no model, or is from a newer version.
    OptionError
        If there is no such engine.

    Examples
    --------
    See :meth:`striate.Network.save`.
    """
    saved = files.load(path)
    network = Network.of(
        saved.graph,
        preprocessing=saved.preprocessing,
        classes=saved.classes,
        numbers=(saved.parameters, saved.statistics),
        engine=engine,
        winograd=winograd,
    )
    network.losses = saved.losses
    return network
