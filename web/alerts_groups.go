package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/receivers"
	"github.com/endscope/endscope/resources"
)

// testResultJSON is the outcome of a test of one receiver.
type testResultJSON struct {
	Receiver string              `json:"receiver"`
	Type     alerts.ReceiverType `json:"type"`
	Status   string              `json:"status"` // Success or Failed
	Detail   string              `json:"detail"` // why it failed
	Duration float64             `json:"durationSeconds"`
}

// handleGroupTest answers POST /api/v1/action-groups/{name}/test for a stored group and POST /api/v1/action-groups/test for one in the
// body: a sample is really sent to its receivers.
func (s *Server) handleGroupTest(w http.ResponseWriter, r *http.Request) error {
	now := time.Now()
	if err := newParams(r, now).err(); err != nil {
		return err
	}
	body, err := readBody(w, r, maxResource, typeJSON)
	if err != nil {
		return err
	}
	_, stored := mux.Vars(r)["name"]
	names := []string{"alertType", "receivers"}
	if !stored {
		names = append(names, "group")
	}
	given, unknown := onlyMembers(body, names...)
	if given == nil {
		return unknown
	}
	group, err := s.groupToTest(r, given["group"], stored)
	sample, sampleErr := sampleOf(given["alertType"], now)
	to, toErr := receiversIn(given["receivers"], group)
	if err := alerts.AlsoWrong(unknown, err, sampleErr, toErr); err != nil {
		return err
	}
	out := []testResultJSON{}
	for _, t := range s.set.Alerts.TestGroup(r.Context(), group, sample, to) {
		out = append(out, testResultJSON{t.Receiver, t.Type, t.Status, t.Detail, t.Duration.Seconds()})
	}
	return writeJSON(w, out)
}

// receiversIn returns the names of a text, which must be receivers of a group unless that is nil; none stand for all of them.
func receiversIn(text json.RawMessage, group *alerts.ActionGroup) (to []string, err error) {
	if text != nil {
		if err := json.Unmarshal(text, &to); err != nil {
			return nil, &alerts.FieldError{Field: "receivers", Value: shorten(text), Rule: "must be a list of names"}
		}
	}
	if group == nil {
		return to, nil
	}
	if len(group.Receivers) == 0 {
		return nil, &alerts.FieldError{Field: "receivers", Rule: "must not be empty: the group has none that could be tested"}
	}
	var wrong []error
	for i, name := range to {
		if !slices.ContainsFunc(group.Receivers, func(r alerts.Receiver) bool { return r.Name == name }) {
			wrong = append(wrong, &alerts.FieldError{Field: fmt.Sprintf("receivers[%d]", i), Value: name, Rule: "must be a receiver of the group"})
		}
	}
	return to, errors.Join(wrong...)
}

// groupToTest returns the stored group of the path, or the one of the body with the secrets that are stored where it does not tell them.
func (s *Server) groupToTest(r *http.Request, given json.RawMessage, stored bool) (*alerts.ActionGroup, error) {
	if stored {
		name, err := nameOf(r, resourceKind{})
		if err != nil {
			return nil, err
		}
		res, err := s.set.Resources.Get(r.Context(), kindActionGroup, name)
		if err != nil {
			return nil, err
		}
		group, err := alerts.ParseActionGroup(res.Spec)
		if err != nil {
			return nil, fmt.Errorf("read stored %s: %w", res.Key, unreadable{err})
		}
		return &group, nil
	}
	if given == nil {
		return nil, &alerts.FieldError{Field: "group", Rule: "is required: a whole action group"}
	}
	spec, err := specOf(given, "")
	if err != nil {
		return nil, below("group", err)
	}
	group, unread := alerts.ParseActionGroup(spec)
	if unread != nil {
		return nil, below("group", alerts.AlsoWrong(unread, s.set.Alerts.CheckGroup(&group)))
	}
	var before alerts.ActionGroup
	res, err := s.set.Resources.Get(r.Context(), kindActionGroup, group.Name)
	switch {
	case err == nil:
		if before, err = alerts.ParseActionGroup(res.Spec); err != nil {
			return nil, fmt.Errorf("read stored %s: %w", res.Key, unreadable{err})
		}
	case !errors.Is(err, resources.ErrNotFound):
		return nil, err
	}
	group, err = group.MergeSecrets(before)
	if err = alerts.AlsoWrong(err, s.set.Alerts.CheckGroup(&group)); err != nil {
		return nil, below("group", err)
	}
	return &group, nil
}

// unreadable hides from the mapping of errors that what is stored, and not what a client sent, is wrong.
type unreadable struct{ err error }

func (e unreadable) Error() string { return e.err.Error() }

// sampleOf returns the sample alert of a type, a metric alert with a static threshold unless one is given.
func sampleOf(given json.RawMessage, at time.Time) (alerts.Alert, error) {
	kind := receivers.SampleMetricStatic
	if given != nil {
		if err := json.Unmarshal(given, &kind); err != nil {
			kind = string(given)
		}
	}
	sample, ok := receivers.Sample(kind, at)
	if !ok {
		return sample, &alerts.FieldError{Field: "alertType", Value: shorten([]byte(kind)), Rule: "must be one of " + strings.Join(receivers.SampleTypes(), ", ")}
	}
	return sample, nil
}
