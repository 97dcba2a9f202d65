"""Results, events and errors on their way to a person or a program. The only room that writes to the terminal."""
