"""Choice model: nested-logit demand from recommender scores, and the estimation of its parameters."""
