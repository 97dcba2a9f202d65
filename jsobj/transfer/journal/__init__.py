"""The journal of a job: what was done, so that a repeated command continues."""
