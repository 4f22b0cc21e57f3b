CREATE TABLE timesheets (
  id              INTEGER PRIMARY KEY,                                 -- rows stay for ever, so that no id is used twice
  user_id         TEXT NOT NULL,                                       -- owner
  date            TEXT NOT NULL CHECK (length(date) = 24),             -- UTC, as 2017-05-10T17:40:20.095Z: text order is time order
  project         TEXT NOT NULL,
  hours           REAL NOT NULL CHECK (hours > 0 AND hours <= 24),
  created_at      TEXT NOT NULL,
  approved_by     TEXT,
  approved_at     TEXT,
  deleted_at      TEXT,                                                -- the row stays: a repeated upload must not bring it back
  key_scope       TEXT,                                                -- within what `idempotency_key` is unique
  idempotency_key TEXT,
  CHECK ((approved_by IS NULL) = (approved_at IS NULL)),
  CHECK ((key_scope IS NULL) = (idempotency_key IS NULL))
) STRICT;

-- Entries without a key never conflict: SQLite takes each NULL as different.
CREATE UNIQUE INDEX timesheets_by_key ON timesheets (key_scope, idempotency_key);

CREATE INDEX timesheets_by_owner ON timesheets (user_id, date, id) WHERE deleted_at IS NULL;

CREATE INDEX timesheets_to_approve ON timesheets (date, id) WHERE approved_at IS NULL AND deleted_at IS NULL;
