"""A family of tests in which some wait for others: trees of gates.

Every branch of a node has an equal part of the node's level. A test that is
shown passes its level on to the tests behind it, and a branch in which all
tests are shown returns its level to its siblings. This is a graphical procedure
(Bretz et al., Statistics in Medicine 28, 2009): it finds a difference where
there is none in at most alpha of all tables, whichever null hypotheses are
true. Without gates, or with one test behind each, it is Holm's.
"""

import dataclasses
from collections.abc import Iterator, Sequence


@dataclasses.dataclass
class Claim:
  """A claim that is tested, and those behind it.

  Attributes:
    p_value: None makes no test: those behind it do not wait.
    behind: the tests whose gate it is.
    implies: whether a true finding here means that one of the null hypotheses
      right behind it is false: a mean that differs is a mean of something that
      differs. One fewer of them can then be true (Shaffer, JASA 81, 1986). They
      share the whole level, so that what is behind them waits for all of them.
    adjusted: the p-value of the family, by `adjust`.
    divisor: by which the level is divided in the first step, by `adjust`.
  """

  p_value: float | None
  behind: Sequence['Claim'] = ()
  implies: bool = False
  adjusted: float | None = None
  divisor: int = 1


def adjust(tests: Sequence[Claim], floor: float = 0.0) -> None:
  """Sets `adjusted` and `divisor` of the tests of one family.

  Args:
    tests: at the root of the trees.
    floor: smaller p-values are set to it, which takes fewer steps. It is for
      those who only compare with a level.
  """
  _divide(tests, 1)
  running = floor
  while running < 1 and (ready := [*_open(tests, 1)]):
    running = min(max(running, min(value for value, _ in ready)), 1.0)
    # Divisors only fall: whatever lies below is shown in this step as well.
    for value, test in ready:
      if value <= running:
        test.adjusted = running
  for test in _every(tests):
    if test.p_value is not None and test.adjusted is None:
      test.adjusted = 1.0


def _open(
  tests: Sequence[Claim], divisor: int, spared: int = 0
) -> Iterator[tuple[float, Claim]]:
  """The tests that may be made next, with their p-values times the divisor."""
  left = [test for test in tests if not _finished(test)]
  waiting = [test for test in left if _waits(test)]
  most = len(left)
  if spared and waiting:
    left, most = waiting, sum(map(_counts, tests)) - spared
  divisor *= max(1, min(len(left), most))
  for test in left:
    if _waits(test):
      yield divisor * test.p_value, test
    else:
      yield from _open(test.behind, divisor, _spared(test))


def _divide(tests: Sequence[Claim], divisor: int, spared: int = 0) -> None:
  count = sum(map(_counts, tests))
  for test in tests:
    test.divisor = divisor * max(1, count - spared)
    _divide(test.behind, divisor * max(1, count), _spared(test))


def _waits(test: Claim) -> bool:
  return test.p_value is not None and test.adjusted is None


def _finished(test: Claim) -> bool:
  return not _waits(test) and all(map(_finished, test.behind))


def _counts(test: Claim) -> bool:
  """Whether there is a test here or behind."""
  return test.p_value is not None or any(map(_counts, test.behind))


def _spared(test: Claim) -> int:
  return int(test.implies and test.p_value is not None)


def _every(tests: Sequence[Claim]) -> Iterator[Claim]:
  for test in tests:
    yield test
    yield from _every(test.behind)
