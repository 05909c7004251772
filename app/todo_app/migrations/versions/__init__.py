"""The schema, revision by revision.

Rules for a new one: numbered on from the last; safe to run again, because MySQL commits around
every DDL statement and a crash may fall between any two; and usable by the previous release, which
is still serving when it lands: it adds, and takes nothing away. What takes away is a revision of
its own, in a later release, with `contract = True` and `expanded_by` naming the one that added what
replaces it. Never edit one that has been released. See docs/decisions/006-migrations.md.
"""
