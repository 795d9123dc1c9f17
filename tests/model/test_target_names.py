"""Names of the numbers that a network predicts."""

import pytest

import striate as st
from striate.errors import OptionError


def regression(outputs=2):
    """Return a network that predicts numbers."""
    return st.Network.parse(f"dense {outputs}", (4,))


def test_names_are_saved_with_the_network(tmp_path):
    """A model file tells what its numbers are; a copy for another size does, too."""
    net = st.Network.parse("conv 2@3x3 same relu | global-average | dense 2", (6, 6, 1))
    assert net.target_names == ()

    net.target_names = ["price", "area"]
    net.save(tmp_path / "net.safetensors")

    assert st.load(tmp_path / "net.safetensors").target_names == ("price", "area")
    assert net.at((8, 8, 1)).target_names == ("price", "area")


def test_several_outputs_have_a_dict():
    """By the names of the outputs."""
    net = st.Network.parse(
        "input 4 as data | dense 1 as price | dense 2 from data as place | output price place"
    )

    net.target_names = {"place": ("row", "column")}

    assert net.target_names == {"price": (), "place": ("row", "column")}


@pytest.mark.parametrize("names", [3, "ab", ("price",), ("a", "a"), ("a", 1), {"conv9": ("a",)}])
def test_names_that_do_not_fit(names, golden):
    """Each error says what is expected."""
    net = regression()

    with pytest.raises(OptionError) as caught:
        net.target_names = names

    word = str(names).translate(str.maketrans("", "", "()'{}:,")).replace(" ", "-")
    golden(f"messages/target-names-{word}", str(caught.value))
