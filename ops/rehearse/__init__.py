"""Rehearses a rise of traffic on the local system while it scales, in time-lapse: `make rehearse`.

`profile` is the load, `load` sends it, `stage` has the system ready and gives it back as it was,
`watch` looks on, `figures` counts, `prediction` asks the simulator, `page` and `picture` tell.
"""
