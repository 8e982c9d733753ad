"""Kills of a process beside others: a Ray worker, one of two hosts."""

ALL = ()
