"""What every page shares: navigation, frame, error boxes, tables and inputs."""
