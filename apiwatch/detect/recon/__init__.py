"""The reconnaissance family: who looks for a way in. One module per detector, `probes` is what they remember."""
