"""Who else may read and write: public access, and what takes it back."""
