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
    network = Network.of(
        saved.graph,
        preprocessing=saved.preprocessing,
        classes=saved.classes,
        numbers=(saved.parameters, saved.statistics),
    )
    network.losses = saved.losses
    return network
