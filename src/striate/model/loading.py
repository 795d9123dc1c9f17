"""Reading a saved network."""

import os

from striate.model import files
from striate.model.network import Network


def load(path: str | os.PathLike[str]) -> Network:
    """Read a network that :meth:`Network.save` wrote. Nothing in the file is executed.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    Network

    Raises
    ------
    ModelFileError
        If the file is damaged, is no model, or is from a newer version.

    Examples
    --------
    See :meth:`striate.Network.save`.
    """
    saved = files.load(path)
    network = Network.of(saved.graph, preprocessing=saved.preprocessing, classes=saved.classes)
    network.losses = saved.losses
    network.set_numbers(saved.parameters, saved.statistics)
    return network
