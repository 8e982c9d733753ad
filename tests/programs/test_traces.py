"""Operations of a compiled program are named after modules and scopes."""

import pytest

from mtl_jax.programs import traces

HLO = """
  %dot.3 = f32[3,4]{1,0} dot(%a, %b), metadata={op_name="jit(f)/Scheme/head_1/dot_general" stack_frame_id=3}
  %while.4 = (s32[], /*index=1*/f32[2]{0:T(128)}) while(%t), metadata={op_name="jit(f)/while"}
  ROOT %copy.2 = f32[3]{0} copy(%c)
"""  # noqa: E501


@pytest.mark.parametrize(
  ('path', 'name'),
  [
    ('jit(f)/while/body/jvp(Scheme)/shared_encoder/Dense_0/dot_general',
     'shared_encoder/Dense_0'),
    ('jit(f)/balance/transpose(jvp(Scheme))/vmap(tower.<lambda>)/tower/add',
     'tower, backward'),
    ('jit(f)/shard_map/while/body/closed_call/Scheme/mul', 'scheme'),
    ('jit(f)/while/body/closed_call/update/add', 'update'),
    ('jit(f)/while/body/gather', 'gather'),
  ],
)  # fmt: skip
def test_a_path_is_shortened_to_what_we_named(path, name):
  assert traces.part(path) == name


def test_an_operation_that_contains_others_is_not_counted():
  assert traces.instructions(HLO) == {
    'dot.3': 'head_1',
    'copy.2': 'copy by XLA',
  }
