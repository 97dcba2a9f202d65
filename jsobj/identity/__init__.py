"""Who the user is: RC files, clouds.yaml, Keystone, application credentials, EC2 keys, AWS profiles, endpoints."""
