"""Campaigns: one kind of fault each, tried many times."""
