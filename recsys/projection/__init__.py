"""What a scenario does to viewing and money, against today."""
