package web

import (
	"fmt"
	"net/http"

	"github.com/endscope/endscope/alerts"
)

// writeJSON answers 200 with v. It encodes before it answers, so that a value that cannot be encoded is an error and not half an
// answer.
func writeJSON(w http.ResponseWriter, v any) error {
	body, err := alerts.EncodeJSON(v)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	_, err = w.Write(append(body, '\n'))
	return err
}
