"""Benchmarks: each with peers, limits and targets, and its result as data in `results/`."""
