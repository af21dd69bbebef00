package web

import (
	"fmt"
	"net/http"
	"path/filepath"
	"time"
)

// handleLogsSnapshot answers /api/v1/logs/snapshot: a copy of all tables on this server's disk, made while rows come and queries run. A server
// whose data_dir has the copy as its folder logs starts with these rows.
func (s *Server) handleLogsSnapshot(w http.ResponseWriter, r *http.Request) error {
	if err := s.requireAdmin(); err != nil {
		return err
	}
	name := time.Now().UTC().Format("20060102T150405.000000000Z")
	if err := s.set.Logs.Store.Snapshot(r.Context(), filepath.Join(s.set.Logs.Snapshots, name)); err != nil {
		return fmt.Errorf("snapshot of the logs: %w", err)
	}
	return writeJSON(w, map[string]string{"name": name})
}
