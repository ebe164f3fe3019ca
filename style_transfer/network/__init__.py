"""The frozen network, and how its convolutions are computed."""
