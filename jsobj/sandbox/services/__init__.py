"""Parts of the sandbox's servers, and requests to them: Swift's processes, listeners, its cache, Keystone's API."""
