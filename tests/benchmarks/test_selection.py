"""Choosing inside each resplit leaves no optimism; by the mean it does."""

from benchmarks.selection import simulation


def test_optimism_of_a_choice_among_equal_settings():
  case = simulation.Case(10, 16, (200, 40, 40))
  by_mean, inside = simulation.simulate(case, 150)
  assert by_mean['test_low'] > 0
  # Two counts of one row, valid and test: 3.6 of 5.6 in expectation.
  assert 0.5 < by_mean['share'] < 0.75
  assert inside['test_low'] < 0 < inside['test_high']
  assert inside['valid_gain'] > by_mean['valid_gain'] > 0
