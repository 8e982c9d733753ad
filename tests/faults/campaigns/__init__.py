"""Campaigns of faults: `run(trials, folder)` yields an `Outcome` per fault."""
