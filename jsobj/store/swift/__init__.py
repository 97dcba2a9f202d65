"""The Swift protocol: requests with a Keystone token."""
