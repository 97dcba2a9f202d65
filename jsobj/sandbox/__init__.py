"""An embedded cloud: a real Keystone and a real Swift as child processes on 127.0.0.1, in a folder of their own.

``lifecycle`` starts and stops it. The room knows nothing of command lines, colours or the environment, and no server of
it ever listens on another address than 127.0.0.1.
"""
