"""Updates of the balancers from their definitions, by scipy in float64.

All take gradients `[K, P]` and return the shared update `[P]`, scaled so that
equal gradients add up. They use the gradients and not their Gram matrix where
possible, and none uses the algorithm of the package.
"""

import numpy as np
import scipy.optimize


def cone(rows, target):
  """The nearest point to `target` in the cone of the rows."""
  return scipy.optimize.nnls(rows.T, target)[0] @ rows


def shortest(rows):
  """Weights of the shortest convex combination, by non-negative least squares.

  An extra coordinate, equal in all rows, enforces the sum (Lawson and Hanson).
  """
  more = np.linalg.norm(rows, axis=1).min()
  rows = np.column_stack([rows, np.full(len(rows), more)])
  target = np.append(np.zeros(rows.shape[1] - 1), more)
  y, _ = scipy.optimize.nnls(rows.T, target)
  return y / y.sum()


def mgda(rows):
  return len(rows) * shortest(rows) @ rows


def sdmgrad(rows, regard):
  mean = rows.mean(0)
  found = shortest(rows + regard * mean) @ rows
  return len(rows) * (found + regard * mean) / (1 + regard)


def upgrad(rows):
  return sum(row + cone(rows, -row) for row in rows)


def dualproj(rows):
  return rows.sum(0) + cone(rows, -rows.sum(0))


def cagrad(rows, c):
  """Finds the gain of the worst task at which the ball's radius is reached."""
  mean = rows.mean(0)
  radius = c * np.linalg.norm(mean)
  even = np.linalg.lstsq(rows, np.ones(len(rows)), rcond=None)[0]

  def way(level):  # The smallest change that gives all tasks this gain.
    return cone(rows, level * even - mean)

  most = 10 * np.linalg.norm(mean) * np.linalg.norm(rows, axis=1).max()
  level = scipy.optimize.brentq(
    lambda level: np.linalg.norm(way(level)) - radius, -most, most, xtol=1e-300
  )
  return len(rows) * (mean + way(level)) / (1 + c)


def fairgrad(rows, alpha):
  """The root of `w^(1/a) G w = 1` in log w, from the minimum it belongs to."""
  norms = np.linalg.norm(rows, axis=1)
  cosines = (rows @ rows.T) / np.outer(norms, norms)
  norms = norms / norms.max()
  force = norms ** (1 / alpha - 1)  # in variables norms * w

  def value(y):
    power = 1 - 1 / alpha
    part = y**power / power if power else np.log(y)
    return y @ cosines @ y / 2 - force @ part, cosines @ y - force * y ** (
      -1 / alpha
    )

  start = (force / len(rows)) ** (1 / (1 + 1 / alpha))
  near = scipy.optimize.minimize(
    value, start, jac=True, method='L-BFGS-B', bounds=[(1e-9, None)] * len(rows)
  ).x

  def residual(z):
    return np.exp(z / alpha) * (cosines @ np.exp(z)) / force - 1

  found = scipy.optimize.root(residual, np.log(near), tol=1e-13).x
  assert np.abs(residual(found)).max() < 1e-9
  weights = np.exp(found) / norms
  return len(rows) * weights / weights.sum() @ rows


def nash_mtl(rows):
  return fairgrad(rows, 1.0)


def imtl_g(rows):
  norms = np.linalg.norm(rows, axis=1)
  weights = np.linalg.pinv(rows @ rows.T) @ norms
  return len(rows) * weights / weights.sum() @ rows


def conflict_free(rows):
  units = rows / np.linalg.norm(rows, axis=1, keepdims=True)
  along = np.linalg.pinv(units) @ np.ones(len(rows))
  along /= np.linalg.norm(along)
  return (rows @ along).sum() * along


def aligned_mtl(rows, scale):
  left, values, right = np.linalg.svd(rows, full_matrices=False)
  new = {
    'min': values[-1],
    'median': values[len(values) // 2],  # of an even number the lower one
    'rmse': np.sqrt(np.mean(values**2)),
  }[scale]
  return new * (left @ right).sum(0)
