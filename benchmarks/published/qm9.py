"""Trains the published rows of QM9, and compares.

  python -m benchmarks.published.qm9 --preset=smoke --workdir=out/smoke

Presets are smoke (miniature files that are made here), cpu (a hundredth of the
steps) and full (as published; it takes a GPU or TPU); the last two take
--data=FOLDER, which `python -m mtl_jax.data.files qm9 --folder=FOLDER` fills.
Memory and hours are printed before training begins.
"""

from benchmarks.published import command

if __name__ == '__main__':
  command.run('qm9')
