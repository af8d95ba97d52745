"""What a browser is sent: every message of every run of a page, as bytes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from streamlit.testing.v1 import local_script_runner


@contextmanager
def recorded() -> Iterator[list[bytes]]:
    """Messages sent while it is open; a chart's and a table's rows are in them as Arrow."""
    messages: list[bytes] = []
    parse = local_script_runner.parse_tree_from_messages

    def note(sent: list[Any]) -> Any:
        messages.extend(message.SerializeToString() for message in sent)
        return parse(sent)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local_script_runner, "parse_tree_from_messages", note)
        yield messages
