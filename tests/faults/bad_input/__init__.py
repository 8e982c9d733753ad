"""Bad input as data: what is given, and the line that answers it."""
