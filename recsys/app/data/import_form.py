"""Tables that are brought in: files from the reader's machine, or a folder that the server can read."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from recsys.app.runtime import open_workspace, server_folders, uploads
from recsys.app.shell.errors import error_box
from recsys.presentation.text.escape import plain
from recsys.tables.formats.registry import FORMATS

_AUTO = "recognise it"
_TYPES = ["csv", "tsv", "parquet", "zip", "dat", "data", "item", "user", "inter", "toml", "json", "txt", "gz"]


@dataclass(frozen=True, kw_only=True)
class ImportRequest:
    """What is to be imported."""

    folder: Path
    format: str | None


def import_request() -> ImportRequest | None:
    """Draw the ways in; gives what was brought when it is to be imported."""
    with st.container(border=True):
        here, there = st.tabs(["Upload files", "A folder on the server"])
        with here:
            files = st.file_uploader(
                "Tables",
                type=_TYPES,
                accept_multiple_files=True,
                key="data.files",
                help="CSV, Parquet, or one zip of them. Offers, subscriptions or economics.toml may come alone.",
            )
        with there:
            path = _path_on_the_server()
        known = st.selectbox("Format", [_AUTO, *FORMATS], key="data.format")
        st.caption(
            "All of it or nothing: if anything is refused, the tables stay as they are. Movies and views replace all tables."
        )
        wanted = None if known == _AUTO else known
        if st.button("Import", type="primary", icon=":material/upload:", key="data.import", disabled=not (files or path)):
            with error_box():
                if files:
                    named = {file.name: file for file in files}
                    return ImportRequest(folder=uploads.keep(open_workspace.workspace(), named), format=wanted)
                return ImportRequest(folder=server_folders.within(path), format=wanted)
    return None


def _path_on_the_server() -> str:
    if not server_folders.allowed():
        st.caption(f"This app reads no folder of the server. {server_folders.HOW}")
        return ""
    path = st.text_input("Folder, zip or file", key="data.path", placeholder="for example /data/exports/2024-03")
    st.caption(f"In {', '.join(plain(str(root)) for root in server_folders.allowed())}.")
    return path or ""
