"""The tutorial's example: sentences, a sentiment head and a topic head.

Embedding 10,000 x 128, LSTM of 64, Adam.
"""

from configs import default


def get_config():
  config = default.get_config()
  config.dataset = 'sentiment_topic'
  config.encoder = 'lstm'
  return config
