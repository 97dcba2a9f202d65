"""The programs that mount, one file each, behind :class:`jsobj.mount.mounters.protocol.Mounter`."""
