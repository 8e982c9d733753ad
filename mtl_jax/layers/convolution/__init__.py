"""Convolution in the way that is fastest on each platform."""
