"""What data must fulfil beyond the shapes of their arrays."""
