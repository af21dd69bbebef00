package kube

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// APIError is an answer of the cluster's API other than 200.
type APIError struct {
	Verb, Resource, Namespace, Name string // what was asked, in the words of a Role
	Code                            int    // HTTP status
	Reason                          string // Kubernetes' word, such as Forbidden, NotFound, Expired
	Message                         string // as the server says it, at most 1000 bytes
	RetryAfter                      time.Duration
}

func (w what) String() string {
	of := w.resource
	if w.name != "" {
		of = strings.TrimSuffix(w.resource, "s") + " " + w.name
	}
	return fmt.Sprintf("%s %s in namespace %s", w.verb, of, w.namespace)
}

// Error says what was asked, what came back, and for 401 and 403 what is missing.
func (e *APIError) Error() string {
	text := what{e.Verb, e.Resource, e.Namespace, e.Name}.String()
	said := ""
	if e.Message != "" {
		said = ": " + e.Message
	}
	switch e.Code {
	case http.StatusUnauthorized:
		return text + ": the cluster does not accept the service account's token (401)" + said
	case http.StatusForbidden:
		return fmt.Sprintf("%s: forbidden (403): the pod's service account needs a Role in namespace %s with apiGroups [\"\"], resources [%s], verbs [%s]%s",
			text, e.Namespace, e.Resource, e.Verb, said)
	case http.StatusNotFound:
		return text + ": not found (404)" + said
	}
	return fmt.Sprintf("%s: the cluster answers %d %s%s", text, e.Code, e.Reason, said)
}

// newAPIError reads the metav1.Status in an answer, where there is one.
func newAPIError(of what, resp *http.Response) *APIError {
	e := &APIError{Verb: of.verb, Resource: of.resource, Namespace: of.namespace, Name: of.name, Code: resp.StatusCode}
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxError))
	var status struct {
		Kind, Message, Reason string
		Details               struct{ RetryAfterSeconds int }
	}
	if json.Unmarshal(body, &status) == nil && status.Kind == "Status" {
		e.Reason, e.Message = status.Reason, status.Message
		e.RetryAfter = time.Duration(min(max(status.Details.RetryAfterSeconds, 0), 3600)) * time.Second
	} else {
		e.Message = strings.TrimSpace(string(body))
	}
	if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && s > 0 {
		e.RetryAfter = time.Duration(min(s, 3600)) * time.Second
	}
	e.Message = clip(e.Message, 1000)
	return e
}

// clip shortens text to at most n bytes, without half a character, and says so.
func clip(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return strings.ToValidUTF8(text[:n], "") + "…"
}
