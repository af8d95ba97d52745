"""Proof: would these projections have been right about movies that have already come?"""

from recsys.app.backtest import backtest_view
from recsys.app.shell.page_layout import page

with page("Proof", "Would these projections have been right about the movies that have already come?"):
    backtest_view.show()
