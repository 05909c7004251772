"""Traffic against a plan, with AWS's delays, and beside it plain defaults."""
