"""Claim (d): curves over labels, and the factor that sharing is worth."""
