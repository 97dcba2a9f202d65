"""Keystone: logins, tokens, application credentials, EC2 credentials."""
