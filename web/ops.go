package web

import (
	"io"
	"net/http"
)

// handleHealthy says that the process serves requests.
func (s *Server) handleHealthy(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err := io.WriteString(w, "Endscope is healthy.\n")
	return err
}
