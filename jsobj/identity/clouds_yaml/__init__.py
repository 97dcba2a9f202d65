"""clouds.yaml and secure.yaml: read, and edited byte for byte."""
