"""Every key with its default. A name chooses a file, its dict holds fields.

`config.scheme = 'mmoe'` chooses, `config.schemes.mmoe` holds that file's
fields. Every `hp` is a tuple whose values are all tried: runs are the seeds
times all combinations, and the best on validation is reported.
"""

from ml_collections import ConfigDict


def get_config() -> ConfigDict:
  """The configuration that all others start from."""
  config = ConfigDict()

  # Data.
  config.dataset = 'actg175'  # a file of mtl_jax/data
  config.datasets = datasets()
  config.resplit = True  # draw a new split per seed, or use the card's
  config.data_dir = ''  # prepared data; '' is TFDS's own folder
  config.files = ''  # source files; '' is downloads/manual in data_dir

  # Model.
  config.encoder = 'mlp'  # a file of mtl_jax/encoders
  config.encoders = encoders()
  config.scheme = 'hard'  # a file of mtl_jax/schemes, or a dotted path
  config.schemes = schemes()
  config.balancer = 'equal'  # a file of mtl_jax/balancers, or a dotted path
  config.balancers = balancers()

  # Training.
  config.seeds = 10  # how many: 0, 1, 2, ...
  config.steps = 1000  # gradient steps of a run
  config.evals = 20  # evaluations on validation, evenly spaced
  config.batch_size = 64
  config.compute = 'float32'  # or bfloat16; what is learned is in float32
  config.eval_batch_size = 512  # no effect on any result
  config.optimizer = 'adam'  # adam, adamw or sgd
  config.optimizers = optimizers()
  config.schedule = 'constant'  # constant, cosine, warmup or step
  config.schedules = schedules()
  config.hp = ConfigDict()
  config.hp.lr = (1e-3,)
  config.hp.weight_decay = (0.0,)  # of kernels and embeddings
  config.hp.penalty = ()  # coupling parameters; () is each scheme's own
  config.hp.clip = (0.0,)  # largest gradient norm; 0 is none
  config.hp.task_weights = ((),)  # one tuple per setting; () is all ones

  # Running; no effect on any result.
  config.mesh = ()  # devices for runs, devices that share a batch; () is all, 1
  config.spread = 'jit'  # of runs over devices, or pmap
  config.parallel = 'auto'  # map (runs in turn), vmap, 8 per program, map:8
  config.checkpoint_seconds = 60.0  # time between saved states
  return config


def datasets() -> ConfigDict:
  """Fields of each data set's `load`."""
  return ConfigDict(
    {
      'actg175': {},
      'multi_digits': {
        'num_train': 6000,
        'num_valid': 1000,
        'num_test': 2000,
        'canvas': 12,  # pixels a side
      },
      'sentiment_topic': {
        'max_len': 40,  # words
        'vocab_size': 10_000,
        'regression': False,  # predict the rating instead of its sign
      },
      'tfds': {  # any TFDS data set that was prepared as array_record
        'name': '',
        'config': '',
        'version': '',
        'inputs': ('image',),  # features; outer/inner where they are nested
        'tasks': (('label', 'multiclass'),),  # (feature, kind) pairs
        'splits': ('train', 'validation', 'test'),
        'max_len': 40,  # words, of text
        'vocab_size': 10_000,
      },
    }
  )


def encoders() -> ConfigDict:
  """Fields of each encoder's `make`."""
  return ConfigDict(
    {
      'lenet': {
        'channels': (10, 20),
        'size': 5,  # of all kernels
        'sizes': (),  # one per kernel; () takes size
        'width': 50,
        'dropout': 0.0,
        'padding': 'SAME',  # or VALID
      },
      'lstm': {
        'vocab_size': 10_000,
        'embedding': 128,
        'width': 64,
        'dropout': 0.0,
      },
      'mlp': {'widths': (64, 64), 'dropout': 0.0},
      'resnet': {
        'widths': (16, 32, 64),  # channels of each stage
        'depths': (1, 1, 1),  # blocks of each stage
        'norm': 'batch',  # or group
      },
      'transformer': {
        'vocab_size': 10_000,
        'width': 128,
        'heads': 4,
        'depth': 2,  # blocks
        'mlp_ratio': 4,  # width of a block's hidden layer over `width`
        'max_len': 40,  # words
        'dropout': 0.0,
      },
    }
  )


def schemes() -> ConfigDict:
  """Fields of each `Scheme`, and hyperparameters of its own."""
  return ConfigDict(
    {
      'cross_stitch': {
        'mix_lr': 100.0,  # learning-rate multiplier of the stitches
        'own': 0.9,  # a tower's weight on itself at the start
        'per_channel': True,
        'stitch_after': (),  # stages; () is every one
        'hp': own_hp(),
      },
      'hard': {'split_at': -1, 'mix_lr': 1.0, 'hp': own_hp()},
      'mmoe': {
        'num_experts': 4,
        'expert_from': -1,  # stages before are a shared stem; -1 picks
        'mix_lr': 1.0,
        'hp': own_hp(),
      },
      'single': {'mix_lr': 1.0, 'hp': own_hp()},
      'soft_l2': {
        'same_init': True,
        'mix_lr': 1.0,
        'hp': own_hp(penalty=(0.01,)),
      },
      'soft_trace': {
        'unfolding': 'last_axis',  # or tucker, tensor_train
        'mix_lr': 1.0,
        'hp': own_hp(penalty=(0.001,)),
      },
    }
  )


def own_hp(**given) -> dict:
  """Hyperparameters of one scheme alone; () takes those of `config.hp`."""
  names = ('lr', 'weight_decay', 'penalty', 'clip', 'task_weights')
  return {name: given.get(name, ()) for name in names}


def balancers() -> ConfigDict:
  """Fields of each balancer's `make`."""
  return ConfigDict(
    {
      'equal': {},
      'mgda': {'normalise': 'none'},  # gradients by l2, loss or loss+
      'pcgrad': {},
      'uncertainty': {'learning_rate': 1e-3},
    }
  )


def optimizers() -> ConfigDict:
  """Fields of each optimizer."""
  return ConfigDict(
    {
      'adam': {'b1': 0.9, 'b2': 0.999},
      'adamw': {'b1': 0.9, 'b2': 0.999},
      'sgd': {'momentum': 0.9, 'nesterov': False},
    }
  )


def schedules() -> ConfigDict:
  """Fields of each learning-rate schedule."""
  return ConfigDict(
    {
      'constant': {},
      'cosine': {'final': 0.0},
      'step': {'boundaries': (0.5, 0.75), 'factor': 0.1},  # shares of all steps
      'warmup': {'warmup_steps': 100, 'final': 0.0},
    }
  )
