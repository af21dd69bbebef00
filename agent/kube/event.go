package kube

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	eventsPerPage = 500
	maxEvents     = 5000 // of one pod; the cluster keeps an hour of them and counts repetitions in one
)

// ErrTooManyEvents says that a pod has more events than the agent reads; the events that come with it are the first ones.
var ErrTooManyEvents = fmt.Errorf("more than %d events", maxEvents)

// Event is one event of a pod. A repetition raises Count and moves Last; UID stays.
type Event struct {
	UID       string
	Reason    string // Pulled, Created, Unhealthy …
	Message   string
	Warning   bool
	Component string // who says so: kubelet, default-scheduler …
	Container string // empty where the event is about the whole pod
	Count     int    // at least 1
	First     time.Time
	Last      time.Time
}

type apiEvent struct {
	Metadata struct {
		UID     string    `json:"uid"`
		Created time.Time `json:"creationTimestamp"`
	} `json:"metadata"`
	InvolvedObject struct {
		UID       string `json:"uid"`
		FieldPath string `json:"fieldPath"`
	} `json:"involvedObject"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
	Type    string `json:"type"`
	Source  struct {
		Component string `json:"component"`
	} `json:"source"`
	FirstTimestamp     time.Time `json:"firstTimestamp"`
	LastTimestamp      time.Time `json:"lastTimestamp"`
	Count              int       `json:"count"`
	EventTime          time.Time `json:"eventTime"`
	ReportingComponent string    `json:"reportingComponent"`
	Series             *struct {
		Count            int       `json:"count"`
		LastObservedTime time.Time `json:"lastObservedTime"`
	} `json:"series"`
}

type apiEventList struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Continue string `json:"continue"`
	} `json:"metadata"`
	Items []apiEvent `json:"items"`
}

// Events returns the events of the pod with that UID, in no particular order. Errors: *APIError, with code 403 where the Role is missing;
// ErrTooManyEvents together with the first events. A list that expires while its pages are read (410) is begun anew once.
func (c *Client) Events(ctx context.Context, namespace, podUID string) ([]Event, error) {
	of := what{verb: "list", resource: "events", namespace: namespace}
	for begun := 0; ; begun++ {
		events, err := c.events(ctx, of, podUID)
		if gone, ok := errors.AsType[*APIError](err); ok && gone.Code == http.StatusGone && begun == 0 {
			continue
		}
		return events, err
	}
}

func (c *Client) events(ctx context.Context, of what, podUID string) ([]Event, error) {
	query := url.Values{"fieldSelector": {"involvedObject.uid=" + podUID}, "limit": {strconv.Itoa(eventsPerPage)}}
	var all []Event
	for {
		var list apiEventList
		if err := c.get(ctx, of, "/api/v1/namespaces/"+url.PathEscape(of.namespace)+"/events", query, &list); err != nil {
			return nil, err
		}
		if list.Kind != "EventList" {
			return nil, fmt.Errorf("%s: the answer is a %q", of, list.Kind)
		}
		for _, e := range list.Items {
			if e.InvolvedObject.UID != podUID || e.Metadata.UID == "" { // a server that does not know the selector
				continue
			}
			if len(all) == maxEvents {
				return all, fmt.Errorf("%s: %w", of, ErrTooManyEvents)
			}
			all = append(all, e.event())
		}
		next := list.Metadata.Continue
		if next == "" {
			return all, nil
		}
		if next == query.Get("continue") {
			return nil, fmt.Errorf("%s: the list does not go on: the same token came twice", of)
		}
		query.Set("continue", next)
	}
}

// event joins the two ways in which Kubernetes writes times and counts: with first, last and count, and with a time and a series.
func (e apiEvent) event() Event {
	out := Event{
		UID: e.Metadata.UID, Reason: e.Reason, Message: e.Message, Warning: e.Type == "Warning", Component: e.Source.Component,
		Container: containerOf(e.InvolvedObject.FieldPath), Count: max(e.Count, 1), First: e.FirstTimestamp, Last: e.LastTimestamp,
	}
	if out.Component == "" {
		out.Component = e.ReportingComponent
	}
	if out.First.IsZero() {
		out.First = e.EventTime
	}
	if out.First.IsZero() {
		out.First = e.Metadata.Created
	}
	if s := e.Series; s != nil {
		out.Count = max(out.Count, s.Count)
		if s.LastObservedTime.After(out.Last) {
			out.Last = s.LastObservedTime
		}
	}
	if out.Last.Before(out.First) {
		out.Last = out.First
	}
	return out
}

// containerOf reads the name in spec.containers{model} and spec.initContainers{fetch}.
func containerOf(fieldPath string) string {
	_, rest, ok := strings.Cut(fieldPath, "{")
	if !ok || !strings.HasPrefix(fieldPath, "spec.") || !strings.HasSuffix(rest, "}") {
		return ""
	}
	return strings.TrimSuffix(rest, "}")
}
