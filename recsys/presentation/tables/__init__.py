"""What a page is about to show, computed: points of a map, who is in a selection, tables to read."""
