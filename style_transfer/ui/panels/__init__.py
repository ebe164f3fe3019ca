"""The parts of the page, each with its components and what it shows of a session."""
