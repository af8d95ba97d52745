"""The Today page: where the app opens."""
