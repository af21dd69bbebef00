// Package records takes the rows of an instance's three logs (traffic, console, life cycle), keeps them on disk, and pushes them.
//
// It owns the rows' types and how they become the columns of the server's tables, the bounded queues in front of the disk, one spool for each
// table, their push, and the counters endpoint_data_collection_events_total and endpoint_data_collection_errors_total. It does not own where
// rows come from (agent/proxy, agent/console, agent/lifecycle, agent/gpu), the spool's file (agent/spool), or credentials (agent). It may import
// agent, agent/spool, scopes and internal/config.
//
// A Recorder is safe for concurrent use. Traffic, Console and Event never block and never touch the disk: a row that finds no room is dropped
// and counted. AppendConsole is for those who can wait.
package records
