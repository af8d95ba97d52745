"""What is open and what runs behind the pages: caches, background work, jobs, uploads."""
