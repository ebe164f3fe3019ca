"""Requests and connections; what is used of Gradio and uvicorn beyond their public interface."""
