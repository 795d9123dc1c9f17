"""Generates LLVM IR for plans and compiles it; the only package that uses llvmlite."""
