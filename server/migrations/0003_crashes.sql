-- What boxes whose viewers agreed to it said of programs that crashed on them. Times are Unix milliseconds of the server, seconds of the box.

CREATE TABLE crashes (
    id          INTEGER PRIMARY KEY,
    device      TEXT NOT NULL,
    received_ms INTEGER NOT NULL,
    service     TEXT NOT NULL,
    exit        TEXT NOT NULL,
    version     TEXT NOT NULL,
    slot        TEXT NOT NULL,
    time_s      INTEGER NOT NULL,
    uptime_s    INTEGER NOT NULL,
    lines       TEXT NOT NULL,              -- JSON list, oldest first
    UNIQUE (device, service, time_s, uptime_s)
);
CREATE INDEX crashes_by_device ON crashes (device, id);
