"""What a command does, once: one module for each verb, called by the command line and by the Python API."""
