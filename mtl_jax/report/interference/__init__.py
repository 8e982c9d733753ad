"""The page of `experiments.interference`: conflicts between gradients."""
