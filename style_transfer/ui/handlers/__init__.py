"""What happens at each event of the page."""
