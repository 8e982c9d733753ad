"""Processes of a job: several hosts, signals, what a container allows."""
