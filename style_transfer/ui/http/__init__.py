"""Requests, connections and housekeeping beneath the page."""
