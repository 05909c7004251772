"""A TODO web application that speaks to its database over verified TLS only."""
