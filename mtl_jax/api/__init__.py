"""The Python interface, and what the commands have in common with it.

`import mtl_jax as mtl` has its functions. A command of `experiments` parses
flags, a function of this room takes arguments; both make an `Experiment` and
end in the same `run`.
"""
