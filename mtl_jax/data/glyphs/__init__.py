"""Pictures of two glyphs: which are paired, and how a picture is composed."""
