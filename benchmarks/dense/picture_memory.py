"""What a step of a dense net takes for each further picture of a batch."""

from benchmarks.speed import workloads
from configs import dense
from mtl_jax import cells
from mtl_jax.cells import build
from mtl_jax.programs import compiled
from mtl_jax.resources import live_memory

BATCHES = 4, 12


def networks() -> dict[str, dict]:
  """Returns the dense encoders with fields: as they are timed, and a U-Net."""
  timed = {
    name: workloads.STEPS[f'{name}_equal'].fields
    for name in ('segnet', 'deeplab')
  }
  return {'unet': {'widths': (16, 32, 64)}, **timed}


def of_picture(name: str, fields: dict, **changes) -> dict[str, str]:
  """Returns what each further picture of a batch takes.

  Args:
    name: of the encoder.
    fields: of the encoder.
    **changes: of the config.

  Returns:
    MB that a step takes on the device, traced and compiled, and GFLOPs.
  """
  few, many = (_needs(name, fields, size, changes) for size in BATCHES)
  pictures = BATCHES[1] - BATCHES[0]
  units = {'traced_mb': 1e6, 'compiled_mb': 1e6, 'gflops': 1e9}
  return {
    column: f'{(b - a) / pictures / unit:.1f}'
    for (column, unit), a, b in zip(units.items(), few, many, strict=True)
  }


def _needs(name, fields, size, changes) -> tuple[float, ...]:
  """Bytes of a step as traced and as compiled, and its operations."""
  c = dense.get_config()
  c.datasets.rendered_scenes.update(
    {'size': 128, 'num_train': 24, 'num_valid': 4, 'num_test': 4}
  )
  c.scheme, c.encoder, c.resplit, c.seeds = 'hard', name, False, 1
  c.encoders[name].update(fields)
  c.batch_size, c.eval_batch_size, c.steps, c.evals = size, 4, 4, 1
  c.update(changes)
  cell = cells.make(c, build.data(c))
  programs, _ = compiled.prepare(cell)
  traced = live_memory.live(cell.traced.step.jaxpr)
  return traced, programs.step_memory()['temporaries'], cell.facts.flops
