"""The command ``striate summary``."""

from dataclasses import asdict
from typing import Any

import click
from rich.text import Text

from striate.cli.networks import Size, is_model_file, opened, weights_hash
from striate.cli.output import Output, json_option, sizes
from striate.model.presets import PRESETS

_HELP = f"""Show the layers of a network and their sizes.

NETWORK is a file that striate saved, a name, or layers in shorthand: the number of feature maps and
the window after each word, a bar between layers.

\b
Names: {", ".join(list(PRESETS)[:6])},
       {", ".join(list(PRESETS)[6:])}

\b
Examples:
  striate summary striate-output/digits-lenet5.safetensors
  striate summary lenet5
  striate summary "conv 6@5x5 tanh | average 2 | dense 10 softmax" --input-shape 28x28x1

For each layer: its output (feature maps @ rows x columns), its parameters (the numbers that are
learned), its multiply-adds (the work for one image), how many pixels of the image one output sees,
and pixels that no window ever sees.
"""


@click.command("summary", help=_HELP)
@click.argument("network")
@click.option(
    "--input-shape",
    type=Size((1, 2, 3)),
    metavar="ROWSxCOLUMNSxCHANNELS",
    help="Shape of an image; by default the network's own, 28x28x1 for layers in shorthand.",
)
@click.option("--classes", type=int, help="Number of classes, where the network leaves it open.")
@json_option
def command(
    network: str, input_shape: tuple[int, ...] | None, classes: int | None, as_json: bool
) -> None:
    """Print the table of a network's layers."""
    out = Output(as_json=as_json)
    saved = is_model_file(network)
    made = opened(network, input_shape, classes)
    summary = made.summary()
    if not as_json:
        out.say(str(made), style="bold")
        out.say(Text.from_ansi(f"\n{summary}"))
        if saved:
            out.say(f"weights {weights_hash(made)}")
            if made.classes.names:
                out.say(f"classes: {', '.join(made.classes.names)}")
    out.answer(
        {
            "network": str(made),
            "input_shape": made.input_shape,
            "output_shape": made.output_shape,
            "parameters": summary.parameters,
            "multiply_adds": summary.multiply_adds,
            "layers": [_layer(row) for row in summary.rows],
            "classes": made.classes.names,
            "weights_sha256": weights_hash(made) if saved else None,
        }
    )


def _layer(row: Any) -> dict[str, Any]:
    """Give a row of the summary for JSON."""
    return asdict(row) | {"shape": list(row.shape), "output": sizes(row.shape)}
