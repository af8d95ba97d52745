"""How long any test waits for anything: long enough for a slow and busy machine, since only a failure ever waits so long.

How quick the program is, is measured by the benchmarks and asserted by no test.
"""

SECONDS = 600.0
MILLISECONDS = 1000 * SECONDS
