"""Multi-task architectures in JAX: which parameters should tasks share?"""
