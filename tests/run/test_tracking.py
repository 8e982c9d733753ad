"""Logs of learning curves: TensorBoard's, and a log of the user's own."""

import contextlib
import sys
import types

import pytest
from tensorboardX import event_file_loader

from mtl_jax.errors import InputError
from mtl_jax.processes import signals
from mtl_jax.records import logs
from mtl_jax.run.progress import RecordedProgress
from mtl_jax.run.tracking import Tracking
from tests import small
from tests.run import test_table

quick = small.quick
