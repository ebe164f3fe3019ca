"""Runs beside each other on one machine: threads, turns, checkpoints, limits, memory, cost."""
