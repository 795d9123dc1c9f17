"""Runs compiled programs: threads, memory, and the cache of object code, without LLVM."""
