"""Backtest: past arrivals projected as offers from what was known before them, and compared with their outcomes."""
