"""What one browser tab owns: its runs, their previews and files."""
