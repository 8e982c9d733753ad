"""The page of `experiments.transfer`: what tasks gain from each other."""
