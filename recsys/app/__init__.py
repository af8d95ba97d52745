"""What the pages share: inputs, charts, words, caches."""
