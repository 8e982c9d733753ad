"""QM9, on miniatures of the format of its files."""

import hashlib
import re
import tarfile

import jax
import numpy as np
import pytest
import tensorflow_datasets as tfds

from configs import qm9 as qm9_config
from mtl_jax import cells, data, run
from mtl_jax.cells import build
from mtl_jax.data import store
from mtl_jax.data.derived import qm9_targets
from mtl_jax.data.raw import pinned
from mtl_jax.data.raw.molecular import (
  found,
  qm9_files,
  qm9_tables,
  qm9_tfds,
  xyz,
  xyz_miniature,
)
from mtl_jax.errors import InputError
from mtl_jax.records import model_files
from mtl_jax.report import results, units
from tests import small

quick = small.quick

# The first molecule of the published archive.
METHANE = """5
gdb 1\t157.7118\t157.70997\t157.70699\t0.\t13.21\t-0.3877\t0.1171\t0.5048\t\
35.3641\t0.044749\t-40.47893\t-40.476062\t-40.475117\t-40.498597\t6.469\t
C\t-0.0126981359\t 1.0858041578\t 0.0080009958\t-0.535689
H\t 0.002150416\t-0.0060313176\t 0.0019761204\t 0.133921
H\t 1.0117308433\t 1.4637511618\t 0.0002765748\t 0.133922
H\t-0.540815069\t 1.4475266138\t-0.8766437152\t 0.133923
H\t-0.5238136345\t 1.4379326443\t 0.9063972942\t 6.8*^-6
1341.307\t1341.3284\t1341.365\t1562.6731\t1562.7453\t3038.3205\t3151.6034
C\tC\t
InChI=1S/CH4/h1H4\tInChI=1S/CH4/h1H4
"""
# The same as rows of the distribution's tables.
TABLE_HEAD = (
  'XYZ_file,Index,SMILES,InChi,N_atoms,Stoichiometry,Elements,XYZ_Ang,'
  'Mulliken_pop,Harmonic_Freq_cmi,' + ','.join(qm9_tables.PROPERTIES)
)
METHANE_ROW = (
  '"dsgdb9nsd_000001.xyz",1,"C","InChI=1S/CH4/h1H4",5,"[4,1,0,0,0]",'
  "\"['C','H','H','H','H']\","
  '"[[-0.0126981359,1.0858041578,0.0080009958],'
  '[0.002150416,-0.0060313176,0.0019761204],'
  '[1.0117308433,1.4637511618,0.0002765748],'
  '[-0.540815069,1.4475266138,-0.8766437152],'
  '[-0.5238136345,1.4379326443,0.9063972942]]",'
  '"[-0.535689,0.133921,0.133922,0.133923,6.8E-6]","[1341.307,1341.3284]",'
  '157.7118,157.70997,157.70699,0.,13.21,-0.3877,0.1171,0.5048,35.3641,'
  '0.044749,-40.47893,-40.476062,-40.475117,-40.498597,6.469'
)


@pytest.fixture(scope='module')
def mini(tmp_path_factory):
  return xyz_miniature.write(tmp_path_factory.mktemp('qm9'), count=20)


def load(folder, seed=0, **fields):
  fields = {'num_valid': 4, 'num_test': 5, 'published': False, **fields}
  fields = {'data_dir': str(folder)} | fields  # what is cached stays here
  name = 'mtl_jax.data.standard.qm9'
  return data.load(name, split_seed=seed, files=str(folder), **fields)


def packed(folder, files):
  """A folder with an archive of these members, and a list that is empty."""
  folder.mkdir(exist_ok=True)
  xyz_miniature.pack(folder / qm9_files.ARCHIVE, files)
  (folder / qm9_files.LEFT_OUT).write_text(xyz_miniature.listed([]))
  return folder


def test_the_published_first_molecule():
  atoms, rows, properties = xyz.parse(METHANE, 1)
  assert atoms == [6, 1, 1, 1, 1]
  np.testing.assert_allclose(
    rows[0], [-0.0126981359, 1.0858041578, *rows[0, 2:]]
  )
  assert rows[4, 3] == 6.8e-6  # as Mathematica writes it
  assert dict(zip(xyz.PROPERTIES, properties, strict=True))['Cv'] == 6.469


def test_labels_are_atomisation_energies_in_the_published_units(tmp_path):
  packed(tmp_path, {'dsgdb9nsd_000001.xyz': METHANE})
  table = qm9_files.read(tmp_path, published=False)
  labels = np.concatenate(qm9_targets.labels(table))
  # As in the table of PyTorch Geometric, whose energies are in eV.
  expected = [0, 13.21, -10549.8, 3186.5, 35.3641, 1217.7]
  expected += [-17172.2, -17286.8, -17389.7, -16151.9, 6.469]
  np.testing.assert_allclose(labels, expected, rtol=2e-5)


@pytest.fixture
def tables(tmp_path, monkeypatch):
  """A folder with tables as of the distribution: methane in the second."""
  folder, sources = tmp_path / 'tables', []
  folder.mkdir()
  for source, rows in zip(
    pinned.parts('qm9'), ([], [METHANE_ROW], []), strict=True
  ):
    text = '\n'.join([TABLE_HEAD, *rows, ''])
    (folder / source.bare).write_text(text)
    digest = hashlib.sha256(text.encode()).hexdigest()
    sources.append(source._replace(member_sha256=digest))
  monkeypatch.setitem(pinned.IN_PARTS, 'qm9', tuple(sources))
  return folder


def found_in(folder, home, source='auto'):
  return found.find(folder, str(home), source, published=False)


def test_tables_and_archive_have_the_same_molecules(tables, tmp_path):
  packed(tmp_path / 'archive', {'dsgdb9nsd_000001.xyz': METHANE})
  one = found_in(tables, tmp_path)
  other = found_in(tmp_path / 'archive', tmp_path)
  jax.tree.map(np.testing.assert_array_equal, one, other)
  assert one.charges[0, 4] == np.float32(6.8e-6)


def test_molecules_are_read_once(tables, tmp_path, monkeypatch):
  first = found_in(tables, tmp_path)
  with monkeypatch.context() as patch:
    patch.setattr(qm9_tables, 'read', None)
    jax.tree.map(
      np.testing.assert_array_equal, first, found_in(tables, tmp_path)
    )
  (tables / pinned.parts('qm9')[1].bare).write_text(TABLE_HEAD)
  remedy = 'sha256 is .* run `python -m mtl_jax.data.files qm9`'
  with pytest.raises(InputError, match=remedy):
    found_in(tables, tmp_path / 'other')


def test_another_archive_is_not_taken_for_the_one_before(tmp_path):
  for numbers in ([1], [1, 2]):
    files = {
      f'dsgdb9nsd_{n:06d}.xyz': METHANE.replace('gdb 1', f'gdb {n}')
      for n in numbers
    }
    packed(tmp_path, files)
    assert found_in(tmp_path, tmp_path).numbers.tolist() == numbers
  with pytest.raises(InputError, match='bytes, expected 86,144,227'):
    found.find(tmp_path, str(tmp_path), 'auto', published=True)


def test_the_form_of_the_molecules_is_a_choice(tables, tmp_path):
  xyz_miniature.write(tables, count=4, left_out=1)
  assert len(found_in(tables, tmp_path).numbers) == 3  # the archive is first
  assert len(found_in(tables, tmp_path, 'qm9pack').numbers) == 1
  with pytest.raises(
    InputError, match='run `python -m mtl_jax.data.files qm9`'
  ):
    found_in(tmp_path, tmp_path, 'qm9pack')


def test_every_seed_splits_the_listed_molecules_away(mini):
  one, other = load(mini), load(mini, 1)
  assert [len(s.mask) for s in one.splits.values()] == [8, 4, 5]
  assert one.train.inputs['atoms'].dtype == np.int8
  assert one.train.inputs['positions'].shape == (8, 29, 3)
  rows = [s.rows for s in one.splits.values()]
  assert sorted(np.concatenate(rows).tolist()) == list(range(17))
  assert (one.test.rows != other.test.rows).any()
  for own, scale in zip(one.train.labels, one.scales, strict=True):
    np.testing.assert_allclose(own.mean(), 0, atol=1e-5)
    assert np.ptp(own) == 0 or abs(own.std() - 1) < 1e-5
    assert scale.unit
  assert [next(iter(t.metrics)) for t in one.tasks] == ['mae'] * 11
  assert set(load(mini, charges=True).train.inputs) == {
    *('atoms', 'positions', 'charges')
  }


class Prepared(tfds.core.GeneratorBasedBuilder, skip_registration=True):
  """As the builder of TFDS, with its names and ragged frequencies."""

  name = 'qm9'
  VERSION = tfds.core.Version('1.0.0')
  BUILDER_CONFIGS = [tfds.core.BuilderConfig(name='original')]
  table = None

  def _info(self):
    features = dict.fromkeys(xyz.PROPERTIES, np.float32)
    features |= {'index': np.int64, 'num_atoms': np.int64}
    features = {k: tfds.features.Scalar(v) for k, v in features.items()}
    features |= {
      'charges': tfds.features.Tensor(shape=(29,), dtype=np.int64),
      'Mulliken_charges': tfds.features.Tensor(shape=(29,), dtype=np.float32),
      'positions': tfds.features.Tensor(shape=(29, 3), dtype=np.float32),
      'frequencies': tfds.features.Tensor(shape=(None,), dtype=np.float32),
    }
    return tfds.core.DatasetInfo(
      builder=self, features=tfds.features.FeaturesDict(features)
    )

  def _split_generators(self, dl_manager):
    return {'train': self._generate_examples()}

  def _generate_examples(self):
    for row, number in enumerate(self.table.numbers.tolist()):
      atoms = self.table.atoms[row].astype(np.int64)
      yield (
        number,
        {
          **{k: v[row] for k, v in self.table.properties.items()},
          'index': number,
          'num_atoms': (atoms > 0).sum(),
          'charges': atoms,
          'positions': self.table.positions[row],
          'Mulliken_charges': self.table.charges[row],
          'frequencies': np.ones(row + 1, np.float32),
        },
      )


def test_tfds_gives_the_same_rows_and_splits(mini, tmp_path, monkeypatch):
  monkeypatch.setattr(Prepared, 'table', qm9_files.read(mini, published=False))
  builder = Prepared(
    data_dir=tmp_path, config='original', file_format='array_record'
  )
  store.prepare(builder)
  raw = load(mini)
  made = load(tmp_path, data_dir=str(tmp_path), num_valid=4, num_test=5)
  assert qm9_tfds.prepared(str(tmp_path)) == 'original'
  for one, other in zip(raw.test, made.test, strict=True):
    if one is None:
      continue
    for x, y in zip(
      *(v.values() if isinstance(v, dict) else v for v in (one, other)),
      strict=True,
    ):
      np.testing.assert_allclose(x, y, atol=1e-3)


BROKEN = [
  (('\nC\t', '\nCl\t'), "line 3: element 'Cl'; did you mean 'C'"),
  (('\t 0.133921', ''), 'line 4: an atom has 5 columns, this has 4'),
  (('5\ngdb', '6\ngdb'), 'line 1: 6 atoms need 11 lines, .* has 10'),
  (('5\ngdb', 'x\ngdb'), "line 1: 'x' is not a number of atoms"),
  (('5\ngdb', '31\ngdb'), 'line 1: 31 atoms; a molecule has 1 to 29'),
  (('-0.3877', 'n/a'), "line 2: homo is 'n/a'; it must be a number"),
  (('-0.3877', 'inf'), "line 2: homo is 'inf'; it must be a number"),
  (('\t13.21', ''), 'line 2: .* 15 properties, 17 words, and this has 16'),
  (('gdb 1', 'gdb 2'), "line 2: it is molecule '2' in the file of 1"),
  (('1.0117308433', '1.0*^x'), r"line 5: x is '1.0\*\^x'"),
]


@pytest.mark.parametrize(('change', 'message'), BROKEN)
def test_a_wrong_line_is_named(change, message, tmp_path):
  text = METHANE.replace(*change, 1)
  assert text != METHANE
  packed(tmp_path, {'dsgdb9nsd_000001.xyz': text})
  with pytest.raises(InputError, match=f'dsgdb9nsd_000001.xyz, {message}'):
    load(tmp_path)


def test_hostile_members_are_refused_and_nothing_is_written(tmp_path):
  names = ['../dsgdb9nsd_000001.xyz', '/dsgdb9nsd_000001.xyz', 'a/b.py']
  for name in names:
    packed(tmp_path, {name: METHANE})
    with pytest.raises(InputError, match=f'{re.escape(name)}.* not a plain'):
      load(tmp_path)
  with tarfile.open(tmp_path / qm9_files.ARCHIVE, 'w:bz2') as archive:
    link = tarfile.TarInfo('dsgdb9nsd_000001.xyz')
    link.type, link.linkname = tarfile.SYMTYPE, '/etc/passwd'
    archive.addfile(link)
  with pytest.raises(InputError, match='not a plain file'):
    load(tmp_path)
  packed(tmp_path, {'dsgdb9nsd_000001.xyz': METHANE + ' ' * xyz.BYTES})
  with pytest.raises(InputError, match='at most 20,000 bytes'):
    load(tmp_path)
  assert {p.name for p in tmp_path.iterdir()} == set(qm9_files.PINNED)


def test_missing_cut_and_other_files_say_what_to_do(mini, tmp_path):
  with pytest.raises(InputError, match=r'no dsgdb9nsd.* on figshare .* TFDS'):
    load(tmp_path, data_dir=str(tmp_path))
  whole = (mini / qm9_files.ARCHIVE).read_bytes()
  (tmp_path / qm9_files.ARCHIVE).write_bytes(whole[: len(whole) // 2])
  with pytest.raises(InputError, match='no uncharacterized.txt'):
    load(tmp_path)
  (tmp_path / qm9_files.LEFT_OUT).write_text(xyz_miniature.listed([1]))
  with pytest.raises(InputError, match='cut or damaged'):
    load(tmp_path)
  with pytest.raises(InputError, match='bytes, expected 86,144,227; it is cut'):
    load(mini, published=True)
  (tmp_path / qm9_files.LEFT_OUT).write_text('\n' * 9 + 'x y\n1\n')
  with pytest.raises(InputError, match="line 10 is 'x y'"):
    load(tmp_path)


def test_fields_that_do_not_fit(mini):
  with pytest.raises(
    InputError, match='num_valid is 10 and num_test 10, of 17'
  ):
    load(mini, num_valid=10, num_test=10)
  with pytest.raises(InputError, match="source is 'tdfs'; did you mean 'tfds'"):
    load(mini, source='tdfs')


def test_from_files_to_errors_in_the_published_units(mini, tmp_path):
  """A tiny cell of the protocol's config, in batches of one molecule."""
  config = qm9_config.get_config()
  config.files, config.data_dir = str(mini), str(tmp_path)
  config.seeds, config.hp.lr = 1, (1e-3,)
  config.datasets.qm9.update(published=False, num_valid=4, num_test=5)
  config.encoders.message_passing.update(width=3, edge_width=2, rounds=1)
  config.epochs, config.steps, config.evals, config.batch_size = 0.0, 2, 1, 1
  cell = cells.make(config, build.data(config))
  folder = run.train([cell], tmp_path)[0]
  reported, own = results.load(folder), cell.datas[0]
  predicted = model_files.read_predictions(folder)
  for t, (task, scale) in enumerate(zip(own.tasks, own.scales, strict=True)):
    labels = scale.mean + scale.std * own.test.labels[t]
    error = np.abs(predicted[f'0/{task.name}'][:, 0] - labels).mean()
    found = units.values(reported, task.name, 'mae')[0]
    assert found == pytest.approx(error, rel=1e-3)
    assert units.of(reported, task.name, 'mae') == scale.unit
