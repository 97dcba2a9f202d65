"""HTTP for every room above: connections, TLS, proxies, requests, retries, signatures. Knows no bucket and no login."""
