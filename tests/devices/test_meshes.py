"""A mesh that does not fit the devices is refused before training."""

import jax
import pytest

from configs import default
from mtl_jax.cells import build
from mtl_jax.devices import meshes
from mtl_jax.errors import InputError


def test_round_up_gives_a_multiple_of_the_devices():
  count = jax.device_count()
  for runs in range(1, 3 * count):
    rounded, in_use = meshes.round_up(runs), min(runs, count)
    assert rounded % in_use == 0
    assert runs <= rounded < runs + in_use
    assert meshes.mesh_for(rounded).shape == {'runs': in_use, 'batch': 1}


@pytest.mark.parametrize(
  ('changes', 'words'),
  [
    ({'mesh': (3,)}, ['config.mesh is (3,)', '"(2, 1)"']),
    ({'mesh': (2, 0)}, ['config.mesh is (2, 0)', '"(2, 1)"']),
    ({'mesh': (2, 1.5)}, ['config.mesh is (2, 1.5)']),
    ({'mesh': (4, 4)}, ['needs 16 devices', 'there are 8', '"(2, 4)"']),
    ({'mesh': (1, 9)}, ['needs 9 devices', '"(1, 8)"']),
    ({'mesh': (3, 3)}, ['needs 9 devices', '"(4, 2)"']),
    ({'mesh': (2, 4), 'batch_size': 30}, ['batch_size=30', '28 or 32']),
    ({'mesh': (1, 8), 'batch_size': 4}, ['batch_size=4', 'take 8']),
    ({'mesh': (2, 4), 'spread': 'pmap'}, ["'pmap'", "config.spread='jit'"]),
    ({'spread': 'pmpa'}, ["did you mean 'pmap'"]),
  ],
)
def test_a_mesh_that_does_not_fit_is_refused_at_once(
  changes, words, monkeypatch
):
  monkeypatch.setattr(jax, 'device_count', lambda: 8)
  config = default.get_config()
  config.update(changes)
  with pytest.raises(InputError) as caught:
    build.check(config)
  assert [w for w in words if w not in str(caught.value)] == []
