"""What one task of Fargate's sizes serves: `make bench-capacity`, for `data/throughput.json`."""
