"""Mutation test of the pack's own code: what its tests notice when one line is changed."""
