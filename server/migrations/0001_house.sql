-- The durable state of a one-box server (SQLite, WAL). Times are Unix milliseconds. Everything a restart must not lose is here or in the store.

CREATE TABLE uploads (
    id          TEXT PRIMARY KEY,
    file_name   TEXT NOT NULL,
    size        INTEGER NOT NULL,
    received    INTEGER NOT NULL DEFAULT 0,
    sha256      TEXT NOT NULL,
    meta        TEXT NOT NULL,              -- hearth_api::TitleMeta as JSON
    job_id      TEXT,
    created_ms  INTEGER NOT NULL
);

CREATE TABLE jobs (
    id          TEXT PRIMARY KEY,
    title_id    TEXT NOT NULL,
    sha256      TEXT NOT NULL,              -- of the source file: the same film is one job
    source      TEXT NOT NULL,              -- path of the source file
    meta        TEXT NOT NULL,
    state       TEXT NOT NULL,              -- queued, running, done, failed
    stage       TEXT NOT NULL,              -- probe, transcode, index, publish
    progress    REAL NOT NULL DEFAULT 0,
    error_code  TEXT,
    error       TEXT,
    attempts    INTEGER NOT NULL DEFAULT 0,
    lease_owner TEXT,                       -- a worker holds the job until lease_until_ms; then another may take it
    lease_until_ms INTEGER NOT NULL DEFAULT 0,
    created_ms  INTEGER NOT NULL,
    updated_ms  INTEGER NOT NULL
);
CREATE INDEX jobs_by_state ON jobs (state, created_ms);
CREATE INDEX jobs_by_source ON jobs (sha256);

-- Units of work inside a job, each idempotent: what is done stays done after a crash.
CREATE TABLE job_steps (
    job_id      TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    step        TEXT NOT NULL,              -- probe, video-360, audio, index, …
    output      TEXT,                       -- what it made, JSON
    done_ms     INTEGER,
    PRIMARY KEY (job_id, step)
);

CREATE TABLE titles (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    tagline     TEXT,
    synopsis    TEXT NOT NULL DEFAULT '',
    year        INTEGER,
    genres      TEXT NOT NULL DEFAULT '[]', -- JSON list
    rating      TEXT,
    credits     TEXT,
    prominence  INTEGER NOT NULL DEFAULT 0,
    duration_ms INTEGER NOT NULL,
    protection  TEXT NOT NULL,              -- cbcs, cenc, none
    poster      INTEGER NOT NULL DEFAULT 0, -- 1: titles/{id}/poster.jpg is in the store
    backdrop    INTEGER NOT NULL DEFAULT 0,
    revision    TEXT NOT NULL,              -- changes with every publication; part of ETags
    published_ms INTEGER NOT NULL
);

CREATE TABLE renditions (
    title_id    TEXT NOT NULL REFERENCES titles (id) ON DELETE CASCADE,
    id          TEXT NOT NULL,              -- v180, v270, v360, a-und
    kind        TEXT NOT NULL,              -- video, audio
    codecs      TEXT NOT NULL,              -- RFC 6381
    width       INTEGER, height INTEGER, frame_rate REAL,
    channels    INTEGER, sample_rate INTEGER, language TEXT,
    bandwidth   INTEGER NOT NULL,           -- peak segment, bit/s
    average_bandwidth INTEGER NOT NULL,
    PRIMARY KEY (title_id, id)
);

-- Content keys. The key column is wrapped by the server's own master key (DATA/master.key, mode 0600), never plain.
CREATE TABLE content_keys (
    title_id    TEXT NOT NULL REFERENCES titles (id) ON DELETE CASCADE,
    key_id      TEXT NOT NULL PRIMARY KEY,  -- 32 hex digits
    wrapped_key BLOB NOT NULL,
    iv          BLOB NOT NULL,              -- 16 bytes: the constant IV of cbcs
    use         TEXT NOT NULL               -- all, video, audio
);

CREATE TABLE progress (
    profile     TEXT NOT NULL,
    title_id    TEXT NOT NULL,
    position_ms INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL,
    updated_ms  INTEGER NOT NULL,
    PRIMARY KEY (profile, title_id)
);
