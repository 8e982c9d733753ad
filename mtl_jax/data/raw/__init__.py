"""Raw files: their pins, and readers that check them."""
