"""Files without a header that have one all the same, or remarks at their head: which lines to pass over."""

from recsys.tables.formats.layout import TableFile, first_lines, is_remark


def lines_passed_over(file: TableFile) -> tuple[int, str | None]:
    """How many lines at the head of a file hold no row, and what is said of them.

    Ids of these formats are whole numbers. A line of which no field is one is a header; blank lines and remarks go with it.
    """
    passed, seen = 0, False
    for line in first_lines(file.path):
        fields = [field.strip().strip("\"'") for field in line.split(file.delimiter or ",")]
        is_header = not seen and len(fields) > 1 and not any(field.isdecimal() for field in fields)
        if line.strip() and not is_remark(line) and not is_header:
            break
        seen |= is_header
        passed += 1
    if not passed:
        return 0, None
    what = "its header" if seen and passed == 1 else "its header and remarks" if seen else "remarks"
    return passed, f"{file.path.name} begins with {passed} lines that are no rows ({what}); they were passed over"
