"""The compiled programs of a cell, and what their steps cost."""
