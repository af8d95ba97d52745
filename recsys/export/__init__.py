"""What leaves for phones and backends: a versioned bundle that can be verified, and the means to verify it."""
