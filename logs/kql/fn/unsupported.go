package fn

import "strings"

// Unsupported returns why a function of the language cannot have an answer here. It is false for names that are no function of the language
// as far as this package knows; the caller asks only for names that the Library does not have.
func Unsupported(name string) (reason string, ok bool) {
	switch name {
	case "current_principal", "current_principal_details", "current_principal_is_member_of":
		return "queries do not know who runs them", true
	case "ingestion_time":
		return "the time of ingestion is not kept; use TimeGenerated", true
	case "extent_id", "extentid", "extent_tags", "rowstore_ordinal_range", "current_node_id":
		return "tables have no extents and nodes", true
	case "cursor_after", "cursor_before_or_at", "cursor_current", "current_cursor":
		return "tables have no cursors", true
	case "cluster", "database", "external_table", "externaldata", "materialized_view", "stored_query_result", "entity_group":
		return "there are only the tables of this server", true
	case "graph", "node_degree_in", "node_degree_out", "node_id", "labels", "inner_nodes", "all", "any", "map":
		return "graphs are not part of this server", true
	}
	if strings.HasPrefix(name, "geo_") {
		return "it is one of the functions over the globe that are not part of this server", true
	}
	return "", false
}
