"""The network and all that feeds it: word-pieces, windows, batches, decoding."""
