// Package resources keeps what operators create: alert rules, action groups, processing rules, the notification policy, dashboards, saved
// queries.
//
// It owns the database file DATA_DIR/resources.db with the current documents, their old versions and the audit trail; optimistic
// concurrency by entity tags; who may change what is provisioned; the limits on size and number; and the files of documents, read
// (ParseDocuments, LoadFiles) and written (WriteDocuments). It does not own what a document means: each kind brings its functions (Kind).
// It does not own HTTP (web) or the command line (cmd).
// It may import scopes, internal/config and internal/sqlite. It must not import alerts.
//
// Documents are stored with the secrets that they hold, in a file that only its owner may read. What Audit returns and Resource.Redacted
// hold none. All exported functions and methods are safe for concurrent use. What a method changed is on disk when it returns.
package resources
