"""Measurements: each module is a command of its own."""

from style_transfer import runtime

runtime.configure()  # before torch is imported: measure the process as the program sets it up
