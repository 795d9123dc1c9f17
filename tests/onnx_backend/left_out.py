"""All of ONNX's operator cases that don't run, with reasons; pytest doesn't skip any."""

GLUE = {"Constant", "Exp", "Neg", "Split", "Squeeze", "Sub", "Transpose", "Unsqueeze"}
"""Auxiliary operators between those that striate implements; the tests compute them with NumPy."""

ABSENT = {
    "CausalConvWithState": "striate's convolutions don't keep state between calls",
    "Celu": "striate doesn't have this transfer function",
    "ConvInteger": "striate computes in floating point, not with 8-bit integers",
    "DeformConv": "striate's windows are aligned with the pixels",
    "DepthToSpace": "striate doesn't have this rearrangement",
    "Gather": "striate doesn't have word embeddings",
    "HardSigmoid": "striate doesn't have this transfer function",
    "Hardmax": "striate doesn't have this transfer function, whose derivative is useless",
    "MaxUnpool": "striate doesn't have unpooling; a transposed convolution enlarges images",
    "Mish": "striate doesn't have this transfer function",
    "PRelu": "striate's transfer functions don't have trainable parameters",
    "QLinearConv": "striate computes in floating point, not with 8-bit integers",
    "Softsign": "striate doesn't have this transfer function",
    "Abs": "part of softsign, which striate doesn't have",
    "SpaceToDepth": "striate doesn't have this rearrangement",
    "ThresholdedRelu": "striate doesn't have this transfer function",
}
"""Operators that striate doesn't have, with reasons."""

_MANY_MATRICES = "a dense layer has one matrix, not one per image"
_MANY_BIASES = "a dense layer's bias is the same for all images"
_MASK_UNKNOWN = "the mask depends on ONNX's random numbers and isn't part of the case"
_NO_CLASS = "it ignores a label outside the classes, which striate rejects as an error"

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
"""Cases that need more than striate's kind for the operator supports."""


def reason_to_leave_out(name, operators):
    """Return the reason why a case doesn't run, or None if it does."""
    if name in BEYOND:
        return BEYOND[name]
    return next((ABSENT[operator] for operator in operators if operator in ABSENT), None)
