"""Is what runs what was deployed, and as safe as it was meant to be? Reads, and changes nothing."""
