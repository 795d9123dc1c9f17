"""What of ONNX's operator cases is not run, and why: all of it is said here, nothing is skipped."""

GLUE = {"Constant", "Exp", "Neg", "Split", "Squeeze", "Sub", "Transpose", "Unsqueeze"}
"""Operators that only stand between those that striate has: NumPy computes them."""

ABSENT = {
    "CausalConvWithState": "striate's convolutions keep no state from one call to the next",
    "Celu": "striate has no such transfer function",
    "ConvInteger": "striate computes with floating-point numbers, not with 8-bit ones",
    "DeformConv": "striate's windows stand on the grid of the pixels",
    "DepthToSpace": "striate has no such rearrangement",
    "Gather": "striate has no embedding of words",
    "HardSigmoid": "striate has no such transfer function",
    "Hardmax": "striate has no such transfer function: it has no useful derivative",
    "MaxUnpool": "striate has no unpooling; a transposed convolution enlarges images",
    "Mish": "striate has no such transfer function",
    "PRelu": "striate's transfer functions have no trainable numbers",
    "QLinearConv": "striate computes with floating-point numbers, not with 8-bit ones",
    "Softsign": "striate has no such transfer function",
    "Abs": "part of softsign, which striate does not have",
    "SpaceToDepth": "striate has no such rearrangement",
    "ThresholdedRelu": "striate has no such transfer function",
}
"""Operators that striate does not have, each with the reason."""

_MANY_MATRICES = "a dense layer has one matrix, not one for each image"
_MANY_BIASES = "a dense layer's bias is the same for all images"
_MASK_UNKNOWN = "what is dropped follows from ONNX's random numbers, and the case does not say it"
_NO_CLASS = "it ignores a label that is none of the classes, which striate rejects as a slip"

BEYOND = {
    "test_gemm_default_matrix_bias": _MANY_BIASES,
    "test_operator_addmm": _MANY_BIASES,
    "test_matmul_3d": _MANY_MATRICES,
    "test_matmul_4d": _MANY_MATRICES,
    "test_matmul_bcast": _MANY_MATRICES,
    "test_matmul_1d_3d": _MANY_MATRICES,
    "test_training_dropout_default": _MASK_UNKNOWN,
    "test_training_dropout": _MASK_UNKNOWN,
    "test_nllloss_NCd1_mean_weight_negative_ii": _NO_CLASS,
    "test_nllloss_NCd1d2d3_none_no_weight_negative_ii": _NO_CLASS,
    "test_nllloss_NCd1d2d3_sum_weight_high_ii": _NO_CLASS,
    "test_sce_NCd1_mean_weight_negative_ii": _NO_CLASS,
    "test_sce_NCd1_mean_weight_negative_ii_log_prob": _NO_CLASS,
    "test_sce_NCd1d2d3_none_no_weight_negative_ii": _NO_CLASS,
    "test_sce_NCd1d2d3_none_no_weight_negative_ii_log_prob": _NO_CLASS,
    "test_sce_NCd1d2d3_sum_weight_high_ii": _NO_CLASS,
    "test_sce_NCd1d2d3_sum_weight_high_ii_log_prob": _NO_CLASS,
}
"""Cases of operators that striate has, which ask for more than its kinds say."""


def reason_to_leave_out(name, operators):
    """Say why a case is not run; None if it is."""
    if name in BEYOND:
        return BEYOND[name]
    return next((ABSENT[operator] for operator in operators if operator in ABSENT), None)
