"""Campaigns: each file has `run(trials, folder) -> Iterator[Outcome]`."""
