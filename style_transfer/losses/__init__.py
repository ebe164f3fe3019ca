"""What the optimisation makes small: pure functions of tensors."""
