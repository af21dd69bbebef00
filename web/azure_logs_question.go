package web

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/endscope/endscope/logs/kql"
	"github.com/endscope/endscope/logs/kql/value"
)

// azureLogsBody is the body of a question to the query service. What it does not know it ignores, as the service does.
type azureLogsBody struct {
	Query      string   `json:"query"`
	Timespan   string   `json:"timespan"`
	Workspaces []string `json:"workspaces"` // further ones; all are this store
}

// readAzureLogsQuestion reads the question of a request: from the body of a POST, from the address of a GET.
func (s *Server) readAzureLogsQuestion(w http.ResponseWriter, r *http.Request) (*logsQuestion, error) {
	var in azureLogsBody
	if r.Method == http.MethodPost {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxLogsQuestion))
		if err != nil {
			return nil, fmt.Errorf("read body: %w", err)
		}
		if err := json.Unmarshal(body, &in); err != nil {
			return nil, azureBadArgument("InvalidBodyError", "the body must be a JSON object with query and timespan as texts: "+err.Error())
		}
	} else {
		values, err := url.ParseQuery(r.URL.RawQuery)
		if err != nil {
			return nil, azureBadArgument("InvalidParameterError", "the address must hold an encoded query string: "+err.Error())
		}
		for name, list := range values {
			switch strings.ToLower(name) {
			case "query":
				in.Query = list[0]
			case "timespan":
				in.Timespan = list[0]
			}
		}
	}
	return s.azureLogsQuestion(in, strings.Join(r.Header.Values("Prefer"), ","), time.Now())
}

// azureLogsQuestion makes a request of what was given. A preference that means nothing is left out, as RFC 7240 says.
func (s *Server) azureLogsQuestion(in azureLogsBody, prefer string, now time.Time) (*logsQuestion, error) {
	q := &logsQuestion{request: kql.Request{Query: in.Query, Now: now, Limits: s.set.Logs.Gate.Config().Limits()}}
	if strings.TrimSpace(in.Query) == "" {
		return nil, azureBadArgument("QueryEmptyError", "the query must not be empty")
	}
	if in.Timespan != "" {
		from, to, err := parseSpan(in.Timespan, now)
		if err == nil && to.Before(from) {
			err = errSpanBackwards
		}
		if err != nil {
			return nil, azureBadArgument("InvalidTimespanError", fmt.Sprintf("the timespan %q %s", shortened(in.Timespan), err))
		}
		q.request.From, q.request.To = value.FromGo(from), value.FromGo(to)
	}
	for item := range strings.SplitSeq(prefer, ",") {
		name, given, _ := strings.Cut(strings.TrimSpace(item), "=")
		given = strings.Trim(strings.TrimSpace(given), `"`)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "wait":
			if seconds, err := strconv.ParseUint(given, 10, 31); err == nil && seconds > 0 {
				q.request.Limits.Time = min(q.request.Limits.Time, time.Duration(seconds)*time.Second)
				q.wait = q.request.Limits.Time
			}
		case "include-statistics":
			q.shown.statistics = strings.EqualFold(given, "true")
		case "include-render":
			q.shown.render = strings.EqualFold(given, "true")
		}
	}
	return q, nil
}

// applied returns the preferences of a request that count.
func (q *logsQuestion) applied() string {
	var out []string
	if q.wait > 0 {
		out = append(out, fmt.Sprintf("wait=%d", int(q.wait.Seconds())))
	}
	if q.shown.statistics {
		out = append(out, "include-statistics=true")
	}
	if q.shown.render {
		out = append(out, "include-render=true")
	}
	return strings.Join(out, ", ")
}
