"""The command ``striate summary``."""

from dataclasses import asdict
from typing import Any

import click

from striate.cli.encoding import on_one_line
from striate.cli.networks import is_model_file, open_network
from striate.cli.options import HomePath, classes_option, input_shape_option
from striate.cli.output import CommandOutput, json_option, sizes
from striate.cli.pages import Page
from striate.model.presets import PRESETS
from striate.recipes.networks import weights_hash

_HELP = f"""Show a network's layers, sizes and parameters.

NETWORK is a file that striate train saved, the name of a preset, or layers in shorthand: each
layer's name with its feature maps and kernel size, separated by bars.

\b
Presets:
  {", ".join(list(PRESETS)[:4])},
  {", ".join(list(PRESETS)[4:8])},
  {", ".join(list(PRESETS)[8:])}

\b
Examples:
  striate summary striate-output/digits-lenet5.safetensors
  striate summary lenet5
  striate summary "conv 6@5x5 tanh | average 2 | dense 10 softmax"

\b
The columns:
  output           feature maps @ rows x columns
  parameters       number of trainable weights and biases
  multiply-adds    cost of a forward pass for one image
  receptive field  rows x columns of the image that one pixel depends on
  uncovered        rows x columns of the layer's input that no window covers
"""


@click.command("summary", help=_HELP)
@click.argument("network", type=HomePath())
@input_shape_option
@classes_option
@json_option
def command(
    network: str, input_shape: tuple[int, ...] | None, classes: int | None, as_json: bool
) -> None:
    """Print the table of a network's layers."""
    out = CommandOutput(as_json=as_json)
    saved = is_model_file(network)
    opened = open_network(network, input_shape, classes)
    summary = opened.summary()
    page = Page(out)
    page.items(str(opened).split(" | "), " | ", style="bold")
    page.line()
    page.lines(summary.lines(page.room))
    if saved:
        page.line(f"weights {weights_hash(opened)}")
        if opened.classes and not isinstance(opened.classes, dict):
            named = [on_one_line(str(value)) for value in opened.classes]
            page.items([f"classes: {named[0]}", *named[1:]], ", ")
    out.result(
        {
            "network": str(opened),
            "input_shape": opened.input_shape,
            "output_shape": opened.output_shape,
            "parameters": summary.parameters,
            "multiply_adds": summary.multiply_adds,
            "layers": [_layer(row) for row in summary.rows],
            "classes": opened.classes,
            "weights_sha256": weights_hash(opened) if saved else None,
        }
    )


def _layer(row: Any) -> dict[str, Any]:
    """Turn a row of the summary into JSON."""
    return asdict(row) | {"shape": list(row.shape), "output": sizes(row.shape)}
