"""The doctor: ordered checks that name a cause and the command that fixes it. It imports neither Click nor rich."""
