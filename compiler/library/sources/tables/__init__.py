"""Tables as people have them: files of comma-separated values, Parquet, JSON lines."""
