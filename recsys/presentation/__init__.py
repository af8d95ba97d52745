"""Figures as sentences, tables and charts, for pages and for the command line. Neither Streamlit nor TensorFlow here."""
