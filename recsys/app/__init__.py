"""The Streamlit app: ``runtime`` and ``shell`` that all pages share, and a room for each page."""
