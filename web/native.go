package web

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// writeNative answers with the problem in the error shape of Prometheus's API.
func (p Problem) writeNative(w http.ResponseWriter) error {
	detail := p.Detail
	if detail == "" {
		detail = p.Title
	}
	body, err := json.Marshal(struct {
		Status    string `json:"status"`
		ErrorType string `json:"errorType"`
		Error     string `json:"error"`
	}{"error", p.nativeType(), detail})
	if err != nil {
		return fmt.Errorf("encode error: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(p.Status)
	_, err = w.Write(append(body, '\n'))
	return err
}

// nativeType is the errorType that Prometheus gives to such a problem. Clients know only Prometheus's own words.
func (p Problem) nativeType() string {
	switch {
	case p.Type == "/problems/timeout":
		return "timeout"
	case p.Type == "/problems/canceled":
		return "canceled"
	case p.Status == http.StatusNotFound:
		return "not_found"
	case p.Status == http.StatusNotAcceptable:
		return "not_acceptable"
	case p.Status == http.StatusUnprocessableEntity || p.Status == http.StatusForbidden:
		return "execution"
	case p.Status == http.StatusServiceUnavailable:
		return "unavailable"
	case p.Status >= 400 && p.Status < 500:
		return "bad_data"
	}
	return "internal"
}
