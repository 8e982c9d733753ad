"""Runs the notebooks and stores what they show.

  python docs/notebooks/run.py [names]

Each runs in an empty folder; the cell with the tag `parameters` says how much
is trained. Progress and warnings, which go to stderr, are not stored.
"""

import argparse
import base64
import io
import os
import pathlib
import tempfile

import nbclient
import nbformat
from PIL import Image

HERE = pathlib.Path(__file__).parent
NAMES = [path.stem for path in sorted(HERE.glob('*.ipynb'))]


def read(name: str) -> nbformat.NotebookNode:
  """Reads a notebook beside this file."""
  return nbformat.read(HERE / f'{name}.ipynb', 4)


def execute(
  name: str, folder: str, parameters: str = '', **options
) -> nbformat.NotebookNode:
  """Runs a notebook.

  Args:
    name: of a notebook beside this file.
    folder: where it runs.
    parameters: code that replaces that of the cell of parameters; '' leaves it.
    **options: of the start of the kernel, such as `env`.

  Returns:
    The notebook with its outputs.

  Raises:
    nbclient.exceptions.CellExecutionError: if a cell raises an error.
  """
  notebook = read(name)
  (cell,) = [c for c in notebook.cells if 'parameters' in tags(c)]
  cell.source = parameters or cell.source
  nbclient.NotebookClient(
    notebook,
    timeout=600,
    record_timing=False,
    resources={'metadata': {'path': str(folder)}},
  ).execute(**options)
  return notebook


def tags(cell: nbformat.NotebookNode) -> list[str]:
  """Returns the tags of a cell."""
  return cell.metadata.get('tags', [])


def tidy(notebook: nbformat.NotebookNode) -> None:
  """Leaves out stderr and joins what was printed line by line."""
  for cell in notebook.cells:
    if cell.cell_type == 'code':
      cell.outputs = _joined(cell.outputs)
  notebook.metadata.pop('widgets', None)
  notebook.metadata.language_info = {'name': 'python'}


def _joined(outputs: list) -> list:
  kept = []
  for out in outputs:
    if out.get('name') == 'stderr':
      continue
    if kept and out.get('name') == kept[-1].get('name') == 'stdout':
      kept[-1].text += out.text
    else:
      kept.append(_small(out))
  return kept


def _small(out: nbformat.NotebookNode) -> nbformat.NotebookNode:
  """Stores a picture with 64 colours, a third of the bytes."""
  if 'image/png' in out.get('data', {}):
    raw = io.BytesIO(base64.b64decode(out.data['image/png']))
    made = io.BytesIO()
    picture = Image.open(raw).convert('RGB').quantize(64)
    picture.save(made, 'png', optimize=True)
    out.data['image/png'] = base64.b64encode(made.getvalue()).decode()
  return out


def main() -> None:
  """Runs the named notebooks, or all."""
  parser = argparse.ArgumentParser(description='Runs the notebooks.')
  parser.add_argument('names', nargs='*', choices=[*NAMES, []])
  for name in parser.parse_args().names or NAMES:
    with tempfile.TemporaryDirectory() as folder:
      # Cells of an earlier run would be found in the user's cache folder.
      os.environ['MTL_JAX_CACHE'] = folder
      notebook = execute(name, folder)
    tidy(notebook)
    nbformat.write(notebook, HERE / f'{name}.ipynb')


if __name__ == '__main__':
  main()
