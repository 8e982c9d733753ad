"""Raw files of data sets: where they come from, their digests, their format."""
