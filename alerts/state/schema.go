package state

// migrations build the schema, one step each; steps that were released never change. Times are microseconds since 1970.
var migrations = [...]string{`
CREATE TABLE alerts(
	seq        INTEGER PRIMARY KEY AUTOINCREMENT,
	id         TEXT NOT NULL UNIQUE,
	rule       TEXT NOT NULL,
	kind       TEXT NOT NULL,
	severity   INTEGER NOT NULL,
	stateless  INTEGER NOT NULL,
	series     BLOB NOT NULL,               -- hash of the rule and what names the series in it
	endpoint   TEXT NOT NULL,
	deployment TEXT NOT NULL,
	instance   TEXT NOT NULL,
	condition  INTEGER NOT NULL,            -- 0 fired, 1 resolved
	user_state INTEGER NOT NULL DEFAULT 0,  -- 0 new, 1 acknowledged, 2 closed
	fired_at   INTEGER NOT NULL,
	changed_at INTEGER NOT NULL,            -- by the server's clock: condition, user state
	action_groups TEXT NOT NULL,            -- ",a,b,"; empty for none
	suppressed INTEGER NOT NULL,
	posted     INTEGER NOT NULL,            -- by another program: routing has it from there
	version    INTEGER NOT NULL DEFAULT 0,  -- rises with everything that decides what is handed on
	due        INTEGER,                     -- from when it is to be handed to routing; NULL: nothing to hand on
	handed     INTEGER NOT NULL DEFAULT 0,  -- 0 nothing yet, 1 fired, 2 resolved
	handed_at  INTEGER NOT NULL DEFAULT 0,
	expires    INTEGER,                     -- of alerts that others post: when it resolves unless posted again
	retain     INTEGER,                     -- since when it is only kept; NULL while it has not resolved
	search     TEXT NOT NULL,               -- what the text filter looks at, in lower case
	body       BLOB NOT NULL
);
CREATE INDEX alerts_fired ON alerts(fired_at, seq, condition, user_state, severity, rule, endpoint, deployment, instance, action_groups, suppressed);
CREATE INDEX alerts_changed ON alerts(changed_at, seq);
CREATE INDEX alerts_severity ON alerts(severity, seq DESC);
CREATE INDEX alerts_counts ON alerts(severity, condition, user_state, suppressed, fired_at);
CREATE INDEX alerts_rule ON alerts(rule, fired_at);
CREATE INDEX alerts_endpoint ON alerts(endpoint, deployment, instance, fired_at);
CREATE INDEX alerts_series ON alerts(series) WHERE condition = 0;
CREATE INDEX alerts_open ON alerts(severity, fired_at, seq) WHERE condition = 0 AND stateless = 0;
CREATE INDEX alerts_due ON alerts(due, seq) WHERE due IS NOT NULL;
CREATE INDEX alerts_retain ON alerts(retain) WHERE retain IS NOT NULL;
CREATE INDEX alerts_expires ON alerts(expires) WHERE expires IS NOT NULL;

CREATE TABLE timeline(
	seq   INTEGER PRIMARY KEY AUTOINCREMENT,
	alert INTEGER NOT NULL REFERENCES alerts(seq) ON DELETE CASCADE,
	at    INTEGER NOT NULL,
	kind  TEXT NOT NULL,
	by    TEXT NOT NULL,
	text  TEXT NOT NULL,
	data  BLOB,
	who   TEXT NOT NULL DEFAULT '',         -- group and receiver of a notification
	fold  TEXT NOT NULL DEFAULT ''          -- entries of one receiver with the same are folded into one
);
CREATE INDEX timeline_alert ON timeline(alert, seq);

CREATE TABLE rule_states(
	rule      TEXT PRIMARY KEY,
	evaluated INTEGER NOT NULL,             -- nanoseconds since 1970; 0 for never
	hash      TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE rule_series(
	rule   TEXT NOT NULL,
	series TEXT NOT NULL,
	state  BLOB NOT NULL,
	PRIMARY KEY(rule, series)
) WITHOUT ROWID;

CREATE TABLE journal(
	kind    TEXT NOT NULL,
	key     TEXT NOT NULL,
	blob    BLOB NOT NULL,
	expires INTEGER,
	PRIMARY KEY(kind, key)
) WITHOUT ROWID;
CREATE INDEX journal_expires ON journal(expires) WHERE expires IS NOT NULL;

CREATE TABLE heartbeat(one INTEGER PRIMARY KEY CHECK (one = 1), at INTEGER NOT NULL);
`, `
DROP INDEX alerts_open;
CREATE INDEX alerts_open ON alerts(fired_at, seq, severity) WHERE condition = 0 AND stateless = 0;
`}
