"""Default values of all config keys.

A name selects a file, and a section has the fields of each file:
`config.scheme = 'mmoe'` selects the scheme, `config.schemes.mmoe` has its
fields. Every key of `hp` is a tuple whose values are all tried: there is a run
for every seed and every combination, and each resplit reports the combination
with its best validation score; separate towers choose one for each task.
"""

from ml_collections import ConfigDict


def get_config() -> ConfigDict:
  """Returns the configuration that all others are derived from."""
  config = ConfigDict()

  # Data.
  config.dataset = 'actg175'  # a file of mtl_jax/data
  config.datasets = datasets()
  config.resplit = True  # a new split per seed, or the fixed one of the card
  config.own_rows = False  # each training row has the label of one task only
  # Balanced: training labels of a class weigh n / (number of classes * n of the
  # class), in binary, multiclass and ordinal tasks.
  config.class_weight = 'none'  # or balanced
  config.data_dir = ''  # folder of prepared data; '' is that of TFDS
  config.files = ''  # folder of raw files; '' is downloads/manual in data_dir

  # Model.
  config.encoder = 'mlp'  # a file of mtl_jax/encoders
  config.encoders = encoders()
  config.scheme = 'hard'  # a file of mtl_jax/schemes, or a dotted path
  config.schemes = schemes()
  config.balancer = 'equal'  # a file of mtl_jax/balancers, or a dotted path
  config.balancers = balancers()
  # The gradients that balancers compare: of all shared parameters, of the last
  # shared features, or of each module by itself.
  config.gram_over = 'shared'  # or features, module

  # Training.
  config.seeds = 10  # number of seeds
  config.first_seed = 0  # consecutive seeds; fresh ones if it was tuned on some
  config.noise_seed = 0  # another one draws other noise on the same splits
  config.steps = 1000  # training steps of a run
  config.epochs = 0.0  # passes over the training rows in place of steps, if > 0
  config.evals = 20  # on validation, evenly spaced; the last may come sooner
  # A run stops after so many evaluations without a better validation score;
  # separate towers stop each at their own.
  config.patience = 0  # 0 is never
  config.batch_size = 64
  # Where tasks have rows of their own (data set `several`), a batch has a fixed
  # number of rows of each source k, at least one, from the source's own epochs:
  # proportional to its n_k rows, uniform, or by temperature n_k^(1 / T). Rows
  # draws from all rows alike, and a batch may lack a task. Auto is proportional
  # where there are several sources, else rows.
  config.sampling = 'auto'  # or rows, proportional, uniform, temperature
  config.sampling_temperature = 2.0  # T; 1 is proportional
  # Parts of a batch that are computed in turn, for less memory; a divisor of
  # batch_size. Gradients are those of the whole batch, but for rounding; batch
  # statistics, penalties on a batch and dropout masks are of each part.
  config.accumulate = 1  # computes a batch at once
  # Moves the pictures of each batch at random, with their label maps.
  config.augment = ''  # or flip, scale_crop_flip
  config.remat = False  # True computes activations again: less memory, slower
  config.compute = 'float32'  # or bfloat16; parameters remain float32
  config.eval_batch_size = 512  # no effect on any result
  config.optimizer = 'adam'  # adam, adamw or sgd
  config.optimizers = optimizers()
  config.schedule = 'constant'  # constant, cosine, warmup or step
  config.schedules = schedules()
  config.hp = ConfigDict()
  config.hp.lr = (1e-3,)
  config.hp.weight_decay = (0.0,)  # of kernels and embeddings
  config.hp.penalty = ()  # factor of the penalty; () is each scheme's own
  config.hp.clip = (0.0,)  # largest gradient norm; 0 is no clipping
  config.hp.task_weights = ((),)  # one tuple per setting; () is all ones
  config.hp.balancer = ((),)  # fields of the balancer: (('c', 0.2),), ...
  # The kept parameters are the best on validation: by the mean loss of the
  # tasks, each over that of its best constant, or by their headline metrics.
  config.select = 'loss'  # or metric
  config.primary = ()  # the tasks that are counted; () is all
  # A joint model keeps the parameters of one step, or of the best of each task,
  # which takes the memory of as many copies of the parameters.
  config.checkpoint_per = 'model'  # or task
  # Start from trained parameters: the folder of a cell or of a saved model, or
  # a .safetensors or .npz file. Pairs of prefixes of names, (theirs, ours), say
  # which ones; () is all whose names and shapes agree.
  config.init_from = ''  # '' draws all parameters
  config.init_prefix = ()  # such as (('shared_encoder', 'shared_encoder'),)
  # Prefixes of the names of parameters that are not trained.
  config.freeze = ()  # such as ('shared_encoder',)
  config.paired = False  # try the i-th values together, not all combinations

  # Measuring interference, at the start and at each evaluation; see probes.py.
  config.probe = ConfigDict()
  config.probe.batches = 0  # batches per evaluation; 0 measures nothing
  config.probe.rows = 1000  # training rows on which features are compared

  # Reporting; no effect on any training. A difference to `single` is called
  # equivalent if it is shown to be smaller than this share of the baseline: of
  # Delta_m that many % points, of a task's headline metric that share of it.
  config.margin = 0.01  # 1 %

  # Running; no effect on any result.
  # The number of devices that runs are distributed over, and the number of
  # devices that share a batch.
  config.mesh = ()  # () is all devices, 1
  config.spread = 'jit'  # distributes runs over devices by jit or pmap
  # Leaves the training split on the host, where it may be memory-mapped: a few
  # steps' batches are on the devices, and the next ones are read meanwhile.
  config.stream = False  # the devices hold all rows
  config.parallel = 'auto'  # map (runs in turn), vmap, 8 per program, map:8
  config.checkpoint_seconds = 60.0  # time between checkpoints
  # What a finished cell keeps of every seed: the best parameters and the test
  # predictions, those predictions alone, or nothing. auto keeps the best, and
  # nothing in sweeps of many cells. A finished cell that lacks what `best` asks
  # for by name is trained again.
  config.keep = 'auto'  # or best, predictions, nothing
  config.log = ''  # or tensorboard, or a dotted path; see docs/extend.md
  config.verbose = 1  # 0: errors and the table; 2: a line per evaluation too
  return config


# Fields of tables, by `table` and `several`; see mtl_jax/data/frames/making.py.
TABLE = {
  'inputs': (),  # columns; () is all that are used for nothing else
  'weights': '',  # column, or one per task: 'outcome=w,score=w2'
  'split': '',  # column of the words train, valid and test
  'group': '',  # column of groups that no split cuts
  'drop': (),  # columns that are no inputs
  'kinds': (),  # where they should not be inferred: 'zip:category'
  'categories': 'auto',  # onehot, embed, or embedded from 21 on
  'impute': 'median',  # or mean
  'parts': (3, 1, 1),  # sizes of train, valid and test
  'max_len': 40,  # words of text
  'vocab_size': 10_000,
  'image_size': 32,  # height and width of pictures in pixels
}


def datasets() -> ConfigDict:
  """Fields of each data set's `load`, and `labels`, which all have.

  `labels` is how many training labels tasks keep, drawn per seed: a number or a
  share, such as (('cd496', 60), ('cens', 0.1)). Other tasks keep all.
  """
  fields = ConfigDict(
    {
      'actg175': {},
      'census_income': {  # see mtl_jax/data/census_income.py
        'pair': 'income',  # or education, each with marital
        'categories': 'embed',  # or onehot
        'published': True,  # or any files of this format
      },
      'fair': {},
      'fashion_tasks': {  # see mtl_jax/data/fashion_tasks.py
        'tasks': ('item', 'hidden'),  # also lean, warm
        'num_train': 4000,
        'num_valid': 1000,
        'num_test': 2000,
        # Parts of the 70,000 pictures. With B > 1 the seeds 0 to B - 1 have no
        # picture in common; with 1 their splits overlap.
        'blocks': 1,
      },
      'rendered_scenes': {
        'num_train': 1000,
        'num_valid': 200,
        'num_test': 400,
        'size': 64,  # height and width in pixels: 32, 64 or 128
        'solids': 5,  # the most in a room
        'texture': 0.3,  # contrast of stripes
        'noise': 0.03,  # of colours, of 1
        'missing': 0.1,  # share of pixels without depth
        # Also shading, count.
        'tasks': ('segmentation', 'depth', 'normals'),
      },
      'multi_digits': {
        'num_train': 6000,
        'num_valid': 1000,
        'num_test': 2000,
        'canvas': 12,  # height and width in pixels
      },
      'multi_fashion': {
        # Or sener_koltun, pareto_mtl (36 x 36 pixels), cpmtl, pamal.
        'generator': 'kurin',
        'leak': False,  # makes pictures before they are split, as published
        'num_train': 50_000,
        'num_valid': 10_000,
        'num_test': 10_000,
      },
      'rand_hie': {},
      'sentiment_topic': {
        'max_len': 40,  # words
        'vocab_size': 10_000,
        'regression': False,  # predict the rating instead of its sign
      },
      'several': {  # a file per task; see mtl_jax/data/several.py
        # Pairs: ('a.csv', ('x:binary',)), ('b.csv', ('y:regression', ...)), ...
        'tables': (),
        **TABLE,
      },
      'synthetic': {  # see mtl_jax/data/synthetic.py
        'family': 'cosine',  # or low_rank, conflict, clusters
        'tasks': 2,
        'related': 0.9,  # a cosine or a share
        'rank': 2,
        'groups': 2,
        'inputs': 100,
        'rows': (10_000, 1000, 1000),
        'c': 0.3,
        'waves': 5,
        'noise': (0.1,),  # one for all tasks or one per task, as the next two
        'difficulty': (1.0,),
        'known': (1.0,),
      },
      'table': {  # a user's file; see mtl_jax/data/frames/making.py
        'path': '',  # CSV, TSV, Parquet or Feather, or a pattern: parts/*.csv
        'tasks': (),  # 'outcome:binary', 'score:regression(points)', ...
        **TABLE,
      },
      'tfds': {  # any TFDS data set that was prepared as array_record
        'name': '',
        'config': '',
        'version': '',
        'inputs': ('image',),  # features; outer/inner if nested
        'tasks': (('label', 'multiclass'),),  # (feature, kind) pairs
        'splits': ('train', 'validation', 'test'),
        'max_len': 40,  # words of text
        'vocab_size': 10_000,
      },
    }
  )
  for section in fields.values():
    section.labels = ()
  return fields


def encoders() -> ConfigDict:
  """Fields of each encoder's `make`."""
  return ConfigDict(
    {
      'lenet': {
        'channels': (10, 20),
        'size': 5,  # size of all kernels
        'sizes': (),  # one size per kernel; () is `size`
        'width': 50,
        'dropout': 0.0,
        'padding': 'SAME',  # or VALID
      },
      'lenet_sener_koltun': {
        'channels': (10, 20),
        'size': 5,
        'width': 50,
        'dropout': 0.5,  # of channels, and after the last stage
      },
      'gru': {
        'vocab_size': 10_000,
        'embedding': 128,
        'width': 64,
        'dropout': 0.0,
      },
      'lstm': {
        'vocab_size': 10_000,
        'embedding': 128,
        'width': 64,
        'dropout': 0.0,
      },
      'message_passing': {  # molecules; see mtl_jax/encoders/message_passing.py
        'width': 64,  # channels of an atom and of a molecule
        'edge_width': 128,  # hidden units that make a matrix of an edge
        'rounds': 3,
        'tied': True,  # rounds share their parameters, and are one stage
        'readout': 'set2set',  # or mean, sum
        'queries': 3,  # of set2set
      },
      'mlp': {'widths': (64, 64), 'dropout': 0.0},
      'mixed': {  # numbers, categories, text and an image side by side
        'widths': (64, 64),
        'dropout': 0.0,
        'levels': (),  # of each column of categories; () counts them
        'embedding': 8,  # channels of a category
        'vocab_size': 0,  # words of the text; 0 counts them
        'word_width': 64,  # of a word, and of the LSTM's state
        'reader': 'lstm',  # or mean
        'channels': (10, 20),
        'image_width': 50,
      },
      'unet': {  # of maps, as segnet and deeplab
        'widths': (16, 32, 64),  # channels of each size; the last is the bottom
        'depth': 2,  # convolutions of each stage
      },
      'segnet': {'widths': (64, 128, 256, 512, 512)},
      'deeplab': {
        'widths': (64, 128, 256, 512),
        'depths': (2, 2, 2, 2),
        'strides': (1, 2, 1, 1),
        'dilations': (1, 1, 2, 4),
        'norm': 'batch',  # or group
        'stem': 'large',  # or small, without pooling
        'head': 256,  # channels of the branches of a task's head
        'rates': (12, 24, 36),  # dilations of these branches
      },
      'resnet': {
        'widths': (16, 32, 64),  # channels of each stage
        'depths': (1, 1, 1),  # blocks of each stage
        'norm': 'batch',  # or group
        'stem': 'small',  # 3 x 3 (CIFAR), or large: 7 x 7 (ImageNet)
      },
      'resnet18': {
        'width': 64,  # channels of the first stage
        'norm': 'batch',
        'stem': 'small',
      },
      'transformer': {
        'vocab_size': 10_000,
        'width': 128,
        'heads': 4,
        'depth': 2,  # blocks
        'mlp_ratio': 4,  # width of a block's hidden layer divided by `width`
        'max_len': 40,  # words
        'dropout': 0.0,
      },
    }
  )


def schemes() -> ConfigDict:
  """Fields of each `Scheme`, and its own hyperparameters.

  `mix_lr` multiplies the learning rate of mixing parameters. `warm_start` is
  the number of steps in which towers are first trained separately. The penalty
  of a scheme is multiplied by `hp.penalty`.
  """
  # The first stage of the experts; -1 is the first that a gate can precede.
  experts = {'num_experts': 4, 'expert_from': -1}
  # The first stage of the tasks' own towers; -1 is none.
  mixture = {**experts, 'tower_from': -1, 'balance': 0.0}
  return ConfigDict(
    {
      'adapters': {
        'reduction': 4,  # channels of a stage divided by those of a bottleneck
        'linear': False,
        'frozen_from': 1.0,  # share of the steps that train the encoder
        **own(),
      },
      'adashare': {
        'search': 0.5,  # share of the steps that choose what to skip
        'warmup': 0.2,  # share of the search that skips nothing
        'block': 20,  # steps for the weights, then as many for the policies
        'temperature': 5.0,
        'cooling': 0.965,  # factor of the temperature per 100 steps
        'sparsity': 1e-3,
        'sharing': 0.05,
        **own(mix_lr=10.0, penalty=(1.0,)),
      },
      'cgc': {'own': 1, 'shared': 1, 'expert_from': -1, **own()},
      'cross_stitch': {
        'own': 0.9,  # initial weight of a tower on itself
        'per_channel': True,
        'stitch_after': (),  # stages; () is all
        'warm_start': 0,
        **own(mix_lr=100.0),
      },
      'dmtrl': {
        'form': 'last_axis',  # or tucker, tensor_train
        'rank': 0,  # 0 is one per task, or 64 per axis
        **own(),
      },
      'dselect_k': {
        **experts,
        'selectors': 2,  # selectors per task, k
        'gamma': 1.0,  # width of the smooth step
        'entropy': 0.0,  # weight of the entropy of the selectors
        'per_example': False,
        **own(penalty=(1.0,)),
      },
      'film': {'embedding': 0, **own()},  # size of task embeddings; 0 is none
      'hard': {'split_at': -1, **own()},  # the first private stage; -1 is none
      'hard_wide': own(),
      'ltb': {
        'num_nodes': 0,  # copies of each stage; 0 is one per task
        'search': 0.5,  # share of the steps that choose the branches
        'warmup': 0.01,  # share of the search that averages all branches
        'temperature': 5.0,
        'hard_samples': False,
        **own(),
      },
      'mmoe': {**mixture, **own(penalty=(1.0,))},
      'moore': {**experts, **own()},
      'mtan': own(),
      'nddr': {
        'own': 0.9,
        'norm': 'batch',  # or none
        'relu': True,
        'warm_start': 0,
        **own(mix_lr=100.0),
      },
      'omoe': {**mixture, **own(penalty=(1.0,))},
      'ple': {
        'own': 1,
        'shared': 1,
        'levels': -1,  # -1 is one per stage after the stem
        'expert_from': -1,
        **own(),
      },
      'shared_private': {
        'share': 0.5,  # share of the channels that all tasks use
        'orthogonality': 0.01,
        'adversarial': 0.0,  # requires own_rows, or a data set per task
        **own(penalty=(1.0,)),
      },
      'single': own(),
      'single_small': own(),
      'sluice': {
        'subspaces': 2,
        'own': 0.9,
        'orthogonality': 0.0,
        'warm_start': 0,
        **own(penalty=(1.0,)),
      },
      'snr': {
        'num_subnets': 4,
        'transform': False,
        **own(penalty=(1e-4,)),
      },
      'soft_l2': {
        'same_init': True,
        'implicit': False,  # apply the penalty as a proximal step
        'warm_start': 0,
        **own(penalty=(0.01,)),
      },
      'soft_trace': {
        'unfolding': 'last_axis',  # or tucker, tensor_train
        'warm_start': 0,
        **own(penalty=(0.001,)),
      },
      'task_routing': {'keep': 0.5, **own()},  # share of each task's channels
    }
  )


def own(mix_lr: float = 1.0, **given) -> dict:
  """Returns the fields that every scheme has.

  Args:
    mix_lr: multiplier of the learning rate of mixing parameters.
    **given: hyperparameters of the scheme; one that is not given is (), which
      stands for the value in `config.hp`.
  """
  names = ('lr', 'weight_decay', 'penalty', 'clip', 'task_weights')
  hp = {name: given.get(name, ()) for name in names}
  return {'mix_lr': mix_lr, 'hp': hp}


def balancers() -> ConfigDict:
  """Fields of each balancer's `make`."""
  return ConfigDict(
    {
      'aligned_mtl': {'scale': 'min'},  # or median, rmse
      'cagrad': {'c': 0.4, 'rescale': 'neutral'},  # or paper
      'conflict_free': {},
      'db_mtl': {'beta': 0.9, 'decay': 0.0},
      'dualproj': {},
      'dwa': {'temperature': 2.0},
      'equal': {},
      'excess_mtl': {'rate': 0.01},
      'fairgrad': {'alpha': 2.0},
      'famo': {'learning_rate': 0.025, 'decay': 1e-3, 'lowest': ()},
      'gls': {},
      'graddrop': {'leak': 0.0},
      'gradnorm': {'alpha': 1.5, 'learning_rate': 0.025},
      'gradvac': {'rate': 0.01},
      'imtl': {'distance': 20.0},
      'imtl_g': {},
      'imtl_l': {'distance': 20.0},
      'log_loss': {},
      'mgda': {'normalise': 'none'},  # or l2, loss, loss+
      'moco': {'beta': 0.5, 'gamma': 0.1, 'decay': 0.5, 'regard': 0.0},
      'modo': {'gamma': 1e-3, 'regard': 0.1},
      'nash_mtl': {},
      'pcgrad': {},
      'rlw': {'draw': 'normal'},  # or dirichlet
      'sdmgrad': {'regard': 0.3},  # weight of the mean gradient
      'sdmgrad_stochastic': {'regard': 0.3},
      'stch': {'mu': 1.0, 'warmup': 0.1},  # warmup: share of the run
      'uncertainty': {'distance': 20.0},
      'upgrad': {},
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
      'step': {'boundaries': (0.5, 0.75), 'factor': 0.1},  # shares of steps
      'warmup': {'warmup_steps': 100, 'final': 0.0},
    }
  )
