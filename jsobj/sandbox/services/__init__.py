"""Parts of the sandbox's servers, and how they are asked: Swift's processes, listeners, its cache, Keystone's API."""
