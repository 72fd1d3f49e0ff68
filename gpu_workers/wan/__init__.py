"""WAN worker: clips, and single frames as pictures."""
