"""Parts of several schemes: experts, gates, searches, capacity."""
