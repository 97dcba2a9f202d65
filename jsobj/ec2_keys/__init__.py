"""EC2 key pairs and their AWS profiles: make, prove, rotate."""
