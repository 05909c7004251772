"""What differs between what was deployed and what is there. Reads, and changes nothing."""
