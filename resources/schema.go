package resources

// migrations are the steps of the schema; docs/resources-format.md describes the result. A step that was released is never changed.
// Times are microseconds since 1970.
func migrations() []string {
	return []string{`
CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
INSERT INTO meta VALUES ('etag_key', randomblob(16));
CREATE TABLE resources (
	kind TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, spec BLOB NOT NULL, source TEXT NOT NULL,
	created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, updated_by TEXT NOT NULL,
	PRIMARY KEY (kind, name)
) WITHOUT ROWID;
CREATE INDEX resources_by_source ON resources (source) WHERE source != '';
CREATE TABLE names (kind TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (kind, name)) WITHOUT ROWID;
CREATE TABLE versions (
	kind TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, spec BLOB, source TEXT NOT NULL, at INTEGER NOT NULL, by TEXT NOT NULL,
	PRIMARY KEY (kind, name, version)
) WITHOUT ROWID;
CREATE INDEX versions_by_time ON versions (at);
CREATE TABLE audit (
	id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, by TEXT NOT NULL, action TEXT NOT NULL,
	kind TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, source TEXT NOT NULL, before BLOB, after BLOB,
	secrets_changed INTEGER NOT NULL, restored INTEGER NOT NULL
);
CREATE INDEX audit_by_resource ON audit (kind, name, id);
CREATE INDEX audit_by_time ON audit (at);
`}
}
