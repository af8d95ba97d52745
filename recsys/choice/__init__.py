"""From scores to choices: utilities, nested logit, and how their parameters are estimated."""
