"""Two overlapping handwritten digits in one picture: which is left, right?"""

from configs import default


def get_config():
  config = default.get_config()
  config.dataset = 'multi_digits'
  config.encoder = 'lenet'
  return config
