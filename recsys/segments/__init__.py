"""Groups of users: learned personas, attribute rules, and how they drift."""
