"""Export bundles for phones and backends: versioned, signed, verifiable."""
