"""Convolution as matrix products on a CPU, natively elsewhere."""
