"""Tabs, opened by what is written on them."""

from streamlit.testing.v1 import AppTest


def open_tab(app: AppTest, label: str) -> AppTest:
    """The app after a click on the tab whose label begins so."""
    for container in app.main:
        if container.type == "tab_container":
            for tab in container.children.values():
                if tab.label.startswith(label):
                    app.session_state[container.key] = tab.label
                    return app.run()
    raise LookupError(f"no tab {label!r} among {[tab.label for tab in app.tabs]}")
