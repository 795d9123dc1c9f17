"""Descriptions of processors by name."""

import pytest

from striate.errors import OptionError
from striate.explain.processors import processor


def test_registers():
    """The number and width of registers follow from the name."""
    sizes = {n: processor(n).register_lanes for n in ("haswell", "znver5", "neoverse-n1")}

    assert sizes == {"haswell": 8, "znver5": 16, "neoverse-n1": 4}


def test_an_unknown_name_brings_the_nearest():
    """The error for an unknown name suggests a similar one, and lists all."""
    with pytest.raises(OptionError) as error:
        processor("hasswell")

    assert str(error.value) == (
        "Unknown processor 'hasswell'. Did you mean haswell? Choose from haswell, skylake, "
        "skylake-avx512, icelake-server, sapphirerapids, znver2, znver3, znver4, znver5, "
        "cortex-a72, neoverse-n1, neoverse-v1, apple-m1, or omit it for this machine's."
    )
