"""Picture files to tensors and back; colour transfer, metadata, time-lapse."""
