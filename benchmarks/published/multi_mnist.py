"""Trains the published rows of Multi-MNIST, and compares.

  python -m benchmarks.published.multi_mnist --preset=smoke --workdir=out/smoke

Presets are smoke (miniature files that are made here), cpu (as published, but
for two rows and four seeds: half an hour of two cores) and full (it takes a GPU
or TPU). The last two read what `python -m mtl_jax.data.files multi_mnist` has
fetched, or the official files in --data=FOLDER. Memory and hours are printed
before training begins.
"""

from benchmarks.published import command

if __name__ == '__main__':
  command.run('multi_mnist')
