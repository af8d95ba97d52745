"""Tables on disk: typed, fingerprinted, published whole."""
