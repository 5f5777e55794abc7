-- Boxes that signed in, what is published for boxes, and what became of it on them. Times are Unix milliseconds.

CREATE TABLE devices (
    id           TEXT PRIMARY KEY,
    serial       TEXT NOT NULL,
    board        TEXT NOT NULL,
    version      TEXT NOT NULL,             -- what it ran when it last said so
    secret_hash  BLOB NOT NULL,             -- SHA-256 of what only the box knows
    token_hash   BLOB NOT NULL UNIQUE,      -- SHA-256 of its token, which is derived and never stored
    created_ms   INTEGER NOT NULL,
    last_seen_ms INTEGER NOT NULL,
    revoked      INTEGER NOT NULL DEFAULT 0
);

-- A version of one board in one channel. Its bundle is updates/{sha256}.bundle in the store unless it is withdrawn.
CREATE TABLE releases (
    id             TEXT PRIMARY KEY,
    board          TEXT NOT NULL,
    channel        TEXT NOT NULL,
    version        TEXT NOT NULL,
    build_id       TEXT NOT NULL,
    rollback_index INTEGER NOT NULL,
    size           INTEGER NOT NULL,
    sha256         TEXT NOT NULL,
    state          TEXT NOT NULL,           -- live, paused, halted, withdrawn
    share          INTEGER NOT NULL,        -- of the boxes, in hundredths of a percent
    judged_from_ms INTEGER NOT NULL DEFAULT 0, -- only later reports count towards a halt: a rollout that is taken up again starts afresh
    published_ms   INTEGER NOT NULL,
    UNIQUE (board, channel, version)
);

-- One row for every box that was offered a release; a box's last word on it is what counts.
CREATE TABLE release_devices (
    release_id  TEXT NOT NULL REFERENCES releases (id) ON DELETE CASCADE,
    device      TEXT NOT NULL,
    offered_ms  INTEGER NOT NULL,
    outcome     TEXT,                       -- installed, failed
    error       TEXT,
    reported_ms INTEGER,
    PRIMARY KEY (release_id, device)
);
CREATE INDEX release_devices_by_device ON release_devices (device);
