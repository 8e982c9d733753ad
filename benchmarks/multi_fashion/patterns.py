"""The published patterns that are tested."""


from benchmarks.multi_fashion import paper
from benchmarks.multi_fashion.claims import (
  MARGIN,
  NEAR,
  Claim,
  above,
  below,
  below_mean,
  more_variable,
  near,
  not_beaten,
)

PLAIN = ('equal', 'imtl', 'mgda', 'pcgrad')  # Kurin's upper group
LOWER = 'paired difference above 0'
CLAIMS = (
  Claim(
    'No balancer beats unit scalarisation.',
    'kurin',
    f'no paired difference above {MARGIN:g} point',
    ('imtl', 'mgda', 'pcgrad', 'graddrop', 'rlw_dirichlet', 'rlw_normal'),
    ('equal',),
    not_beaten,
  ),
  Claim(
    'GradDrop and RLW are lowest.',
    'kurin',
    f'{LOWER}, to the mean of the others',
    ('graddrop', 'rlw_normal', 'rlw_dirichlet'),
    PLAIN,
    below_mean,
  ),
  Claim(
    'GradDrop and RLW (normal) vary most from run to run.',
    'kurin',
    'ratio of standard deviations over seeds above 1, interval by F',
    ('graddrop', 'rlw_normal'),
    PLAIN,
    more_variable,
  ),
  Claim(
    'Unit scalarisation falls below single-task training and below MGDA.',
    'sener_koltun',
    LOWER,
    ('equal',),
    ('single', 'mgda'),
    below,
  ),
  Claim(
    'MGDA is above uncertainty and GradNorm.',
    'sener_koltun',
    LOWER,
    ('mgda',),
    ('uncertainty', 'gradnorm'),
    above,
  ),
  Claim(
    'Single-task training is above uncertainty and GradNorm.',
    'pareto_fashion',
    LOWER,
    ('single',),
    ('uncertainty', 'gradnorm'),
    above,
  ),
  Claim(
    'MGDA is near single-task training.',
    'pareto_fashion',
    f'paired difference within ± {NEAR:g} points',
    ('mgda',),
    ('single',),
    near,
  ),
  Claim(
    'MGDA is above uncertainty and GradNorm.',
    'pareto_fashion',
    LOWER,
    ('mgda',),
    ('uncertainty', 'gradnorm'),
    above,
  ),
  Claim(
    'Equal weights fall below single-task training.',
    'pareto_fashion',
    LOWER,
    ('equal',),
    ('single',),
    below,
  ),
  Claim(
    'Single-task training is above joint training with any balancer.',
    'recon',
    LOWER,
    ('single',),
    ('equal', 'mgda', 'pcgrad', 'graddrop', 'cagrad'),
    above,
  ),
  Claim(
    'MMoE is above hard sharing with equal weights.',
    'recon',
    LOWER,
    ('mmoe',),
    ('equal',),
    above,
  ),
)


def is_published(claim: Claim) -> bool:
  """Whether the middles of the published numbers show the claim's direction."""
  source = paper.SOURCES[claim.source]
  middle = {row: value.mean.middle for row, value in source.rows.items()}
  rows, others = claim.rows, claim.others
  gaps = [middle[row] - middle[other] for row in rows for other in others]
  if claim.parts is above:
    return min(gaps) > 0
  if claim.parts is below:
    return max(gaps) < 0
  if claim.parts is near:
    return max(map(abs, gaps)) < NEAR
  if claim.parts is not_beaten:
    return max(gaps) < MARGIN
  if claim.parts is below_mean:
    mean = sum(middle[other] for other in others) / len(others)
    return all(middle[row] < mean for row in rows)
  widths = [source.rows[row].half for row in (*rows, *others)]
  return min(widths[: len(rows)]) > max(widths[len(rows) :])
