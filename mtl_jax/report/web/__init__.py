"""Pages that need no other file: skeleton, style, tables and pictures."""
