"""The doctor: ordered checks that name a cause and the command that mends it. Knows neither Click nor a terminal."""
