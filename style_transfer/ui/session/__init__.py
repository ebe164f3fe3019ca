"""What one browser tab owns."""
