"""Pictures of what dense tasks predict."""
