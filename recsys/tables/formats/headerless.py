"""Leading lines to skip in files of a format without header: a header all the same, comments, blank lines."""

from recsys.tables.formats.layout import TableFile, first_lines, is_comment


def skipped_lines(file: TableFile) -> tuple[int, str | None]:
    """Count the leading lines of a file that hold no row, and note what they are.

    Ids of these formats are whole numbers. A line of which no field is one is a header; blank lines and remarks go with it.
    """
    passed, seen = 0, False
    for line in first_lines(file.path):
        fields = [field.strip().strip("\"'") for field in line.split(file.delimiter or ",")]
        is_header = not seen and len(fields) > 1 and not any(field.isdecimal() for field in fields)
        if line.strip() and not is_comment(line) and not is_header:
            break
        seen |= is_header
        passed += 1
    if not passed:
        return 0, None
    what = "its header" if seen and passed == 1 else "its header and remarks" if seen else "remarks"
    return passed, f"{file.path.name} begins with {passed} lines that are no rows ({what}); they were passed over"
