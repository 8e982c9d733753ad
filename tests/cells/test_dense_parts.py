"""Heads of dense and other tasks on encoders with and without maps."""

import jax
import jax.numpy as jnp
import pytest

from configs import default
from mtl_jax.cells import build, parts
from mtl_jax.errors import InputError
from mtl_jax.tasks import Task
from mtl_jax.train import state
from tests import small
from tests.encoders import own_dense

TASKS = (
  Task('parts', 'segmentation', num_classes=3),
  Task('count', 'count'),
  Task('far', 'depth'),
  Task('facing', 'normals'),
)


def resolved(encoder='tests.encoders.own_dense', scheme='hard', tasks=TASKS):
  config = default.get_config()
  config.encoder, config.scheme = encoder, scheme
  return build.resolve(config, tasks).system


@pytest.mark.parametrize('scheme', ['hard', 'single', 'cross_stitch'])
def test_each_task_has_a_head_of_its_form(scheme):
  """Of separate towers too, whose heads are then of unlike structure."""
  system = resolved(scheme=scheme)

  def predictions(seed, pictures):
    begun = state.init(system, small.hp(), seed, pictures)
    return system.scheme.apply(
      {'params': begun.params.tree, **begun.extra}, pictures, False
    )

  pictures = jnp.zeros((2, 8, 6, 3), jnp.uint8)
  found = jax.eval_shape(predictions, jnp.int32(0), pictures)
  maps = (2, 8, 6)
  assert [p.shape for p in found] == [
    (*maps, 3),
    (2, 1),
    (*maps, 1),
    (*maps, 3),
  ]


def test_only_module_classes_are_computed_again():
  with pytest.raises(InputError, match='config.remat takes stages that are'):
    parts.rematerialised((lambda name: None,))


def test_a_stage_that_shows_its_inside_is_computed_again():
  """`mtan` on `segnet` calls `inside`; parameters have the same names."""
  scheme = small.scheme('mtan', 'segnet', small.MAPS)
  again = scheme.clone(stages=parts.rematerialised(scheme.stages))
  found = []
  for one in (scheme, again):

    def outputs(one=one):
      x = small.inputs('segnet', 4)
      return one.init_with_output(jax.random.key(0), x, False)

    names = [e.primitive.name for e in jax.make_jaxpr(outputs)().eqns]
    shapes = jax.tree.map(jnp.shape, jax.eval_shape(outputs))
    found.append((sum('remat' in name for name in names), shapes))
  (none, before), (each, after) = found
  assert (none, each) == (0, len(scheme.stages))
  assert before == after


def test_maps_need_an_encoder_of_maps():
  with pytest.raises(InputError, match="'parts' .segmentation. predicts maps"):
    resolved('lenet')


def test_an_encoder_of_maps_needs_a_dense_task():
  with pytest.raises(InputError, match="makes maps, and no task .*'count'"):
    resolved(tasks=TASKS[1:2])


def test_an_encoder_of_maps_needs_a_dense_head(monkeypatch):
  monkeypatch.delattr(own_dense, 'dense_head')
  with pytest.raises(InputError, match='define dense_head.outputs.'):
    resolved()
