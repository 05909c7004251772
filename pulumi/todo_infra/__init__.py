"""The TODO application's infrastructure: one module for each role."""
