"""What is measured: each module is a command of its own."""
