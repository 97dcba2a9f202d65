"""Moving bytes: plan (pure) -> journal -> run. Decisions carry reasons; success means that a digest was compared."""
