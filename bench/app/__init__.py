"""The application against its peers: `make bench-app`, described in docs/decisions/005."""
