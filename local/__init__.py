"""The whole system on one machine: `python3 -m local COMMAND`, behind the Makefile.

Only the standard library is imported here, since the first step is the one that installs the rest.
"""
