"""What leaves for phones and backends."""
