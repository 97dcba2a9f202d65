"""Making one place like another: what differs, what is refused, the plan, and doing it."""
