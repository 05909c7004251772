"""Mutation test of the stacks: what the policy pack stops when one property is changed."""
