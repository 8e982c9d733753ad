from mtl_jax.report import drawing
from mtl_jax.report.claims import forest
from mtl_jax.report.claims.claimed import Finding


def test_one_scale_is_that_of_one_unit(tmp_path, monkeypatch):
  """Panels of one label can be held against each other; others keep theirs."""
  figures = []
  monkeypatch.setattr(drawing, 'save', lambda figure, _: figures.append(figure))
  panels = [
    forest.Panel(str(high), label, [Finding('a', 'x', '%', high / 2, 0, high)])
    for high, label in ((1, 'loss'), (8, 'loss'), (0.1, 'cosine'))
  ]
  forest.draw(panels, tmp_path / 'one.png', one_scale=True)
  forest.draw(panels, tmp_path / 'own.png')
  one, own = ([a.get_xlim()[1] for a in f.axes] for f in figures)
  assert one[0] == one[1] > 8
  assert own[0] < 2
  assert one[2] == own[2] < 1
