"""What is observed: who watched what when, and who could have."""
