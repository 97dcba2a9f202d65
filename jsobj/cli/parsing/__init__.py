"""What commands share: groups, options, arguments, and the context that they run in."""
