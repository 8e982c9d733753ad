"""Tables whose rows were tuned on one budget of random draws."""
