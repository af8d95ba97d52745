"""Raw tables in, validated tables out: the one place that rejects data."""
