"""The handlers of the events of the page, and the endpoint for programs."""
