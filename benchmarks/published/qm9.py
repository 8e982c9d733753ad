"""Trains the published rows of QM9, and compares.

  python -m benchmarks.published.qm9 --preset=smoke --workdir=out/smoke

Presets are smoke (miniature files that are made here), cpu (two epochs of a
smaller network, an hour of two cores) and full (as published; it takes a GPU or
TPU). The last two read what `python -m mtl_jax.data.files qm9` has fetched, or
the published files in --data=FOLDER. Memory and hours are printed before
training begins.
"""

from benchmarks.published import command

if __name__ == '__main__':
  command.run('qm9')
