"""A real load balancer for an emulator whose own has no health checks, drain or TLS.

HAProxy does the work, beside the emulator in its container. What it does follows, at every moment,
from what the emulator's ELBv2 holds: load balancers, listeners, rules, target groups and their
attributes. Whether a target gets requests is decided here, by AWS's rules for target groups.

`state` reads, `health` asks the targets, `haproxy` writes and steers, `controller` joins them.
"""
