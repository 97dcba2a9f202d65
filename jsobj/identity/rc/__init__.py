"""RC files (openrc): read without a shell, refused by line number."""
