"""Readers of pictures with classes: users' files, as published."""
