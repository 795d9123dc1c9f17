"""The program for template matching: all of its functions, and their arguments."""

from striate.llvm.ir import IRModule
from striate.llvm.matching.fourier import write_fourier
from striate.llvm.matching.pixels import write_pixels
from striate.llvm.matching.scores import write_scores
from striate.llvm.matching.window_sums import write_column_sums, write_row_sums, write_rows
from striate.plan.target import Target


def write_matching(target: Target) -> IRModule:
    """Emit the program for a processor.

    Parameters
    ----------
    target
        The processor.

    Returns
    -------
    IRModule
        With the functions that :func:`write_pixels`, :func:`write_fourier`,
        :func:`write_column_sums`, :func:`write_rows` and :func:`write_scores` describe.
    """
    module = IRModule.of(target)
    write_pixels(module)
    write_fourier(module)
    write_column_sums(module)
    row_sums = write_row_sums(module)
    write_rows(module, row_sums)
    write_scores(module, row_sums)
    return module
