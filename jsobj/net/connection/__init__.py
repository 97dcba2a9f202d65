"""One connection to a server: dialling, TLS, proxies, the bytes of requests and answers, and a pool of connections."""
