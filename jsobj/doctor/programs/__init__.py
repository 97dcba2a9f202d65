"""Programs that run as processes of their own, or are handed out as text. The rest of jsobj imports none of them."""
