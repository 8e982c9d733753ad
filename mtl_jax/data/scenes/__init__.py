"""Rooms with boxes, spheres and cylinders: drawn at random, and rendered."""
