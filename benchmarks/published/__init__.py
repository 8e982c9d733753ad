"""Published rows of standard data sets against ours; a command per set."""
