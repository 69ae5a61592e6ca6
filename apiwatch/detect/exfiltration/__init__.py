"""The exfiltration family: answers, and series of answers, that are far larger than what anybody else gets."""
