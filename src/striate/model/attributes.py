"""Errors for attributes of a network that cannot be set, with what to do instead."""

from difflib import get_close_matches
from inspect import signature

_INSTEAD = {
    "parameters": 'Assign to one array: net.parameters["conv1.weight"] = values, or use '
    "net.parameters.update(arrays).",
    "statistics": 'Assign to one array: net.statistics["batch-norm1.mean"] = values.',
    "engine": "Choose it with Network(..., engine=...) or st.load(path, engine=...).",
    "winograd": "Choose it with Network(..., winograd=...) or st.load(path, winograd=...).",
    "input_shape": "Use net.at(input_shape), which has the same kernels.",
    "losses": "Choose the loss with fit(x, y, loss=...) or evaluate(x, y, loss=...).",
    "preprocessing": "It is computed by fit(x, y, standardize=True).",
    "target_scaling": "It is computed by fit(x, y, standardize_targets=True).",
}


def cannot_set(name: str, network: type) -> str:
    """Write the error for an attribute that cannot be set, with what to do instead.

    Parameters
    ----------
    name
        The attribute.
    network
        The class, whose attributes and whose arguments of ``fit`` may have been meant.

    Returns
    -------
    str
    """
    public = [known for known in dir(network) if not known.startswith("_")]
    if name in public:
        usual = (
            "Subclass Network to replace a method."
            if callable(getattr(network, name))
            else "Build a new network instead."
        )
        remedy = _INSTEAD.get(name, usual)
        return f"A network's `{name}` cannot be set. {remedy}"
    options = list(signature(network.fit).parameters)
    closest = (
        ["parameters"] if name == "weights" else get_close_matches(name, public + options, n=1)
    )
    if closest and closest[0] in public:
        remedy = f'Did you mean "{closest[0]}"?'
    elif closest:
        remedy = f"Did you mean fit(x, y, {closest[0]}=...)?"
    else:
        remedy = "Pass training options to fit(x, y, ...)."
    return f'A network has no attribute "{name}". {remedy}'
