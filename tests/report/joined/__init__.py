"""Tests of the report on several data sets."""
