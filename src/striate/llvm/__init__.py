"""Machine code from plans, by LLVM."""
