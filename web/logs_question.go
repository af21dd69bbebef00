package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/endscope/endscope/logs"
	"github.com/endscope/endscope/logs/kql"
	"github.com/endscope/endscope/logs/kql/syntax"
	"github.com/endscope/endscope/logs/kql/value"
	"github.com/endscope/endscope/query"
	"github.com/endscope/endscope/scopes"
)

// maxLogsQuestion is the largest body in bytes of a question to the logs: the longest query, with every character escaped.
const maxLogsQuestion = 6*syntax.MaxLength + 64<<10

// logsQuestion is what a request asks of the logs.
type logsQuestion struct {
	request kql.Request
	shown   logsShown
	scope   scopes.Path   // zero where none is asked for
	wait    time.Duration // the time that the client gives, where it says so
}

// logsShown is what an answer shows beside its tables.
type logsShown struct {
	statistics, render bool
}

// logsQuestionJSON is the body of a question. A question in the address has the same names, with a dot for limits: limits.rows.
type logsQuestionJSON struct {
	Query      string `json:"query"`
	Timespan   string `json:"timespan"`
	Scope      string `json:"scope"`
	Statistics bool   `json:"statistics"`
	Render     bool   `json:"render"`
	Limits     struct {
		Rows  int    `json:"rows"`
		Bytes int64  `json:"bytes"`
		Time  string `json:"time"`
	} `json:"limits"`
}

// logsParams are the names of a question in the address.
var logsParams = [...]string{"query", "timespan", "scope", "statistics", "render", "limits.rows", "limits.bytes", "limits.time"}

// readLogsQuestion reads the question of a request from its address and body; a POST may have it in either.
func (s *Server) readLogsQuestion(w http.ResponseWriter, r *http.Request) (*logsQuestion, error) {
	now := time.Now()
	var in logsQuestionJSON
	p := newParams(r, now, logsParams[:]...)
	if r.Method == http.MethodPost && r.ContentLength != 0 {
		kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if err != nil || kind != typeJSON && kind != typeForm {
			return nil, &MediaTypeError{Given: r.Header.Get("Content-Type"), Allowed: []string{typeJSON, typeForm}}
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxLogsQuestion))
		if err != nil {
			return nil, fmt.Errorf("read body: %w", err)
		}
		if len(p.values) > 0 {
			for name, values := range p.values {
				p.fail(name, values[0], "must be in the body, where the rest of the question is")
			}
			return nil, p.err()
		}
		if kind == typeJSON {
			if err := decodeStrict(body, &in); err != nil {
				return nil, err
			}
			return s.logsQuestion(&params{now: now}, in)
		}
		if p.values, err = url.ParseQuery(string(body)); err != nil {
			return nil, &ParameterError{Parameter: "body", Value: shorten(body), Rule: "must be an encoded form: " + err.Error()}
		}
		p.allow(logsParams[:])
	}
	in.Query, in.Timespan, in.Scope = p.one("query"), p.one("timespan"), p.one("scope")
	in.Statistics, in.Render = p.oneOf("statistics", "true", "false") == "true", p.oneOf("render", "true", "false") == "true"
	in.Limits.Rows, in.Limits.Bytes, in.Limits.Time = int(p.count("limits.rows")), p.count("limits.bytes"), p.one("limits.time")
	return s.logsQuestion(p, in)
}

// count returns a whole number that must be at least 1, 0 where it is not given.
func (p *params) count(name string) int64 {
	text := p.one(name)
	if text == "" {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		p.fail(name, text, "must be a whole number of at least 1")
	}
	return n
}

// decodeStrict reads one JSON object into v, whose fields are all that there may be.
func decodeStrict(body []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	err := dec.Decode(v)
	if err == nil {
		if _, more := dec.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("more follows it")
		}
	}
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrong) && wrong.Field != "":
		return &ParameterError{Parameter: wrong.Field, Value: shorten(memberAt(body, wrong.Field)), Rule: kindRule(wrong.Field, wrong.Type.Kind())}
	case err != nil:
		return &ParameterError{Parameter: "body", Value: shorten(body), Rule: "must be one JSON object of what is known here: " + err.Error()}
	}
	return nil
}

// kindRule says what a member of a question must be.
func kindRule(name string, kind reflect.Kind) string {
	switch kind {
	case reflect.String:
		if name == "limits.time" {
			return `must be a duration in quotes, such as "30s"`
		}
		return "must be a text in quotes"
	case reflect.Bool:
		return "must be true or false"
	case reflect.Int, reflect.Int64:
		return "must be a whole number"
	default:
		return "must be an object"
	}
}

// memberAt returns a member of a JSON object as it was written, by names with dots between them; nothing where it is not found.
func memberAt(body []byte, path string) []byte {
	for name := range strings.SplitSeq(path, ".") {
		var members map[string]json.RawMessage
		if json.Unmarshal(body, &members) != nil {
			return nil
		}
		body = members[name]
	}
	return body
}

// logsQuestion makes a request of what was given. A limit can lower the configured one, not raise it.
func (s *Server) logsQuestion(p *params, in logsQuestionJSON) (*logsQuestion, error) {
	limits := s.set.Logs.Gate.Config().Limits()
	q := &logsQuestion{request: kql.Request{Query: in.Query, Now: p.now, Limits: limits}, shown: logsShown{in.Statistics, in.Render}}
	if in.Query == "" {
		p.fail("query", "", "must be given: a query in KQL, such as AmlOnlineEndpointTrafficLog | take 10")
	}
	if in.Timespan != "" {
		from, to, err := parseSpan(in.Timespan, p.now)
		switch {
		case err != nil:
			p.fail("timespan", in.Timespan, err.Error())
		case to.Before(from):
			p.fail("timespan", in.Timespan, errSpanBackwards.Error())
		}
		q.request.From, q.request.To = value.FromGo(from), value.FromGo(to)
	}
	if in.Scope != "" {
		scope, err := scopes.ParsePath(in.Scope)
		if err != nil {
			p.note(err)
		}
		q.scope, q.request.Equal = scope, logs.ScopeColumns(scope)
	}
	if in.Limits.Rows < 0 || in.Limits.Bytes < 0 {
		p.fail("limits", fmt.Sprintf("rows %d, bytes %d", in.Limits.Rows, in.Limits.Bytes), "must be at least 1")
	}
	if n := in.Limits.Rows; n > 0 {
		q.request.Limits.Rows = min(n, limits.Rows)
	}
	if n := in.Limits.Bytes; n > 0 {
		q.request.Limits.Bytes = min(n, limits.Bytes)
	}
	if text := in.Limits.Time; text != "" {
		d, err := query.ParseDuration(text)
		if err != nil || d <= 0 {
			p.fail("limits.time", text, "must be a duration such as 30s")
		}
		q.request.Limits.Time = min(d, limits.Time)
	}
	return q, p.err()
}
