"""``python -m recsys.pipeline``: see :mod:`recsys.pipeline.worker`."""

import sys

from recsys.pipeline.worker import main

if __name__ == "__main__":
    sys.exit(main())
