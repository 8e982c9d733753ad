"""Files that are whole or not there: a temporary file, then a rename."""

import os
import pathlib


def write(path: pathlib.Path, content: str | bytes) -> None:
  """Replaces `path` by `content`; a reader never sees half of it."""
  path = pathlib.Path(path)
  path.parent.mkdir(parents=True, exist_ok=True)
  data = content.encode() if isinstance(content, str) else content
  # The process id keeps two jobs that end together apart.
  fresh = path.with_name(f'.{path.name}.{os.getpid()}')
  fresh.write_bytes(data)
  fresh.replace(path)
