"""The optimisation: objective, scales, optimisers, and the generator that makes the steps."""
