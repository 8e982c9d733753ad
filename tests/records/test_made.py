"""`made.json`: what it holds after a start, a resumption and an end."""

import json

from mtl_jax import records
from mtl_jax.records import made

ASKED = {'config': {'hp': {'lr': (0.1,)}}, 'groups': ()}


def facts(version='1', commit='a', command='x'):
  code = {'digests': {'core': 'c'}, 'commit': commit, 'clean': True}
  return {'code': code, 'versions': {'jax': version}, 'command': command}


def test_a_cell_that_is_resumed_alike_has_one_job(tmp_path):
  made.begin(tmp_path, ASKED, facts())
  (first,) = made.read(tmp_path)['jobs']
  assert first['ended'] is None
  made.begin(tmp_path, ASKED, facts(command='y'), resumed=True)
  made.end(tmp_path)
  known = made.read(tmp_path)
  (job,) = known['jobs']
  assert job['began'] == first['began'] <= job['ended']
  assert job['command'] == 'y'
  assert known['config'] == {'hp': {'lr': [0.1]}}


def test_a_cell_that_another_version_goes_on_with_names_both(tmp_path):
  made.begin(tmp_path, ASKED, facts())
  made.begin(tmp_path, ASKED, facts(version='2'), resumed=True)
  jobs = made.read(tmp_path)['jobs']
  assert [job['versions']['jax'] for job in jobs] == ['1', '2']
  # Trained anew, it is of the last one alone.
  made.begin(tmp_path, ASKED, facts(version='3'))
  (job,) = made.read(tmp_path)['jobs']
  assert job['versions']['jax'] == '3'


def test_its_check_is_the_digest_of_the_rest(tmp_path):
  made.begin(tmp_path, ASKED, facts())
  path = tmp_path / made.FILE
  known = json.loads(path.read_text())
  assert known.pop('check') == records.digest(known)
  path.write_text(path.read_text().replace('0.1', '0.2'))
  assert made.read(tmp_path) == {}


def test_damage_is_told_once(tmp_path, capsys):
  made.begin(tmp_path, ASKED, facts())
  assert made.jobs(tmp_path) == tuple(made.read(tmp_path)['jobs'])
  (tmp_path / made.FILE).write_text('')
  assert made.jobs(tmp_path) == made.jobs(tmp_path) == ()
  (line,) = capsys.readouterr().err.splitlines()
  assert f'{tmp_path / made.FILE} is damaged' in line
  assert 'run the same command' in line


def test_nothing_is_read_of_a_folder_without_it(tmp_path):
  assert made.read(tmp_path) == {}
  made.end(tmp_path)
  assert not list(tmp_path.iterdir())
