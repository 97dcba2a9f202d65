"""The words and options of other tools (aws s3, s3cmd, s5cmd, rclone, gh), and what to type here instead."""

from __future__ import annotations

_UPLOAD, _DOWNLOAD = "jsobj upload SOURCE... s3://BUCKET/", "jsobj download s3://BUCKET/PREFIX/ DIR/"
_CREATE, _DELETE = "jsobj bucket create NAME", "jsobj bucket delete NAME"
_BOTH = f"{_UPLOAD} or {_DOWNLOAD}"
_LIST, _COPY, _MOVE, _REMOVE = "jsobj ls URL", "jsobj cp SOURCE DEST", "jsobj mv SOURCE DEST", "jsobj rm URL"
_VERIFY, _LOGIN, _CLOUDS = "jsobj verify LOCAL URL", "jsobj login RCFILE", "jsobj clouds"
_MOUNT = "jsobj mount URL DIR, and jsobj umount DIR"
_LINK, _PUBLIC = "jsobj presign URL --expires 7d", "jsobj bucket public BUCKET[/PREFIX]"

OTHER_WORDS = {
    **dict.fromkeys(("rsync", "mirror", "bisync"), "jsobj sync SRC DEST [--delete]"),
    **dict.fromkeys(("put", "send", "push"), _UPLOAD),
    **dict.fromkeys(("get", "fetch", "pull"), _DOWNLOAD),
    **dict.fromkeys(("mb", "mkdir", "md", "make-bucket", "create-bucket"), _CREATE),
    **dict.fromkeys(("rb", "rmdir", "remove-bucket"), _DELETE),
    **dict.fromkeys(("list", "dir", "lsd", "lsl", "lsf", "lsjson", "la"), _LIST),
    "purge": "jsobj rm -r URL; a whole bucket: jsobj bucket delete NAME --recursive",
    **dict.fromkeys(("size", "ncdu", "count"), "jsobj du URL"),
    **dict.fromkeys(("usage", "about", "df"), "jsobj bucket usage [BUCKET]"),
    "quota": "jsobj bucket quota BUCKET",
    **dict.fromkeys(
        ("copy", "copyto"), f"{_COPY} (another cloud: --dest-cloud NAME); to and from this computer: {_BOTH}"
    ),
    **dict.fromkeys(("move", "moveto", "rename"), _MOVE),
    **dict.fromkeys(("delete", "del", "remove", "deletefile", "unlink"), _REMOVE),
    **dict.fromkeys(("head", "info", "attributes"), "jsobj stat URL; the first bytes: jsobj cat URL --range 0-99"),
    **dict.fromkeys(("pipe", "rcat"), "... | jsobj upload - s3://BUCKET/KEY"),
    **dict.fromkeys(("check", "cryptcheck", "md5sum", "sha256sum", "hashsum", "checksum"), _VERIFY),
    **dict.fromkeys(("link", "sign", "signurl", "url"), _LINK),
    **dict.fromkeys(("public", "setacl", "acl"), f"for everybody: {_PUBLIC}; a project: jsobj share URL --to PROJECT"),
    "private": "jsobj bucket private BUCKET",
    "unpublish": "jsobj publish URL --remove; to close the data: jsobj bucket private BUCKET",
    **dict.fromkeys(("website", "index", "html", "serve"), "jsobj publish URL"),
    **dict.fromkeys(("config", "configure", "init", "auth", "signin"), f"{_LOGIN} (which logins there are: {_CLOUDS})"),
    **dict.fromkeys(("listremotes", "remotes", "profiles", "cloud"), _CLOUDS),
    **dict.fromkeys(("switch", "use"), "jsobj clouds use NAME"),
    **dict.fromkeys(("nfsmount", "unmount", "fusermount"), _MOUNT),
    **dict.fromkeys(("status", "ping", "test", "check-setup", "diagnose"), "jsobj doctor"),
    **dict.fromkeys(("abortmp", "multipart"), "jsobj uploads list"),
    **dict.fromkeys(("cors", "setcors", "put-bucket-cors"), "jsobj bucket cors set BUCKET --origin https://HOST"),
    **dict.fromkeys(
        ("policy", "setpolicy", "put-bucket-policy", "anonymous", "iam"), "jsobj bucket policy set BUCKET FILE"
    ),
    **dict.fromkeys(("lifecycle", "setlifecycle", "ilm", "expire"), "jsobj bucket lifecycle set BUCKET --expire 30d"),
    **dict.fromkeys(("cleanup", "clean"), "jsobj bucket clean BUCKET"),
    **dict.fromkeys(("keys", "credentials", "access-key"), "jsobj ec2-creds"),
    **dict.fromkeys(("resume", "queue", "tasks", "task", "job"), "jsobj jobs list"),
    "wait": "jsobj jobs wait ID",
    **dict.fromkeys(("s3", "s3api", "swift", "storage"), "the commands without this word: jsobj ls, jsobj cp, ..."),
    "version": "jsobj --version",
    **dict.fromkeys(("versioning", "versions"), "jsobj bucket versioning BUCKET on; jsobj ls --versions URL"),
    **dict.fromkeys(("restore", "undo", "recover"), "jsobj undelete URL, where the bucket keeps versions"),
}

_FOLDERS = "of ls and rm: -r; folders are sent and fetched with all that is in them: leave it out"
_PARALLEL, _RATE = "--parallel N", "--limit-rate 10M"
_LINKS = "--links follow, or --links skip; of jsobj tree: --depth N"
_REPLACES = "existing objects and files are replaced where they differ; --no-clobber leaves them alone"
_KEPT = "a transfer deletes nothing: jsobj rm URL"
_WHERE = "the profile or the cloud names the region; that of a copy's DEST: --dest-profile NAME, --dest-cloud NAME"
_OTHER = "--dest-profile NAME, or --dest-cloud NAME, and --dest-endpoint URL, of jsobj cp and jsobj mv"
_INSECURE = "verify: false in clouds.yaml, if it must be"
_METADATA = "--metadata NAME=VALUE, --cache-control TEXT, --content-disposition TEXT ..., of jsobj upload"
_COPIES_KEEP = "copies keep them; other ones: jsobj upload ... --metadata NAME=VALUE"
_UNCHANGED = "--check size; by default content is compared, and only what differs is sent"

OTHER_OPTIONS = {
    **dict.fromkeys(("-r", "-R", "--recursive"), _FOLDERS),
    **dict.fromkeys(("--endpoint-url", "--host"), "--endpoint URL"),
    **dict.fromkeys(("--dryrun",), "--dry-run"),
    **dict.fromkeys(("--transfers", "--checkers", "--numworkers", "--concurrency", "-c", "--jobs", "-j"), _PARALLEL),
    **dict.fromkeys(("--bwlimit", "--limit", "--rate-limit"), _RATE),
    **dict.fromkeys(("-L", "--copy-links", "--follow-symlinks", "--no-follow-symlinks", "--follow"), _LINKS),
    **dict.fromkeys(("--human-readable", "--summarize"), "jsobj ls -lh URL --total; or jsobj du URL"),
    **dict.fromkeys(("-S", "--sort-by"), "--sort size, of jsobj ls"),
    "-t": "--sort time, of jsobj ls",
    **dict.fromkeys(("--max-depth", "--level", "-d"), "--depth N, of jsobj tree; or jsobj du --folders URL"),
    **dict.fromkeys(("--expires-in", "--expire"), "--expires 1h"),
    **dict.fromkeys(("-f", "--force", "--overwrite"), f"{_REPLACES}; questions are answered by --yes"),
    **dict.fromkeys(("--ignore-existing", "--skip-existing", "-n", "--no-overwrite"), "--no-clobber"),
    **dict.fromkeys(("--size-only", "--update", "-u", "--if-size-differ", "--if-source-newer"), _UNCHANGED),
    **dict.fromkeys(("-P", "--stats", "--show-progress"), "--progress bar; at a terminal it is shown anyway"),
    **dict.fromkeys(("--only-show-errors", "--silent"), "--quiet"),
    **dict.fromkeys(("--delete", "--delete-after", "--delete-excluded"), _KEPT),
    **dict.fromkeys(("--filter", "--exclude-from", "--include-from"), "--include PATTERN and --exclude PATTERN"),
    **dict.fromkeys(("--checksum", "--check-md5", "--integrity"), "digests are compared always: leave it out"),
    **dict.fromkeys(("--region", "--source-region", "--destination-region"), _WHERE),
    **dict.fromkeys(("--dest-region", "--destination-profile", "--destination-endpoint-url", "--dst-profile"), _OTHER),
    **dict.fromkeys(("--header-upload", "--header", "-H", "--add-header", "--meta", "--metadata-set", "-M"), _METADATA),
    **dict.fromkeys(("--mime-type", "-m"), "--content-type TYPE"),
    "--metadata-directive": _COPIES_KEEP,
    **dict.fromkeys(("--config", "--credentials-file"), "--cloud NAME or --profile NAME"),
    **dict.fromkeys(("--no-verify-ssl", "--no-check-certificate", "--insecure"), _INSECURE),
}
