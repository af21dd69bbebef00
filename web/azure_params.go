package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/endscope/endscope/query"
)

// maxAzureBody bounds the body of a POST; the longest honest one holds fifty resource ids.
const maxAzureBody = 256 << 10

// azureNames are the parameters of Azure's metrics interface that are read here, in lower case. Azure ignores what it does not know, and
// its clients send such: so do we.
var azureNames = [...]string{
	"api-version", "timespan", "interval", "metricnames", "aggregation", "filter", "top", "orderby", "rollupby", "resulttype", "metricnamespace",
	"autoadjusttimegrain", "validatedimensions", "region", "starttime", "endtime",
}

// azureParams are the parameters of a request in Azure's shape. Names have no case and may be encoded; a value may stand in the address or,
// with POST, in the body. Each reader notes the first thing that is not allowed.
type azureParams struct {
	values    map[string]string // by names in lower case, without the $ of $filter
	resources []string          // the body's resourceids
	now       time.Time
	first     error
}

// readAzureParams reads the address and the body of a request, and checks api-version.
func readAzureParams(w http.ResponseWriter, r *http.Request, now time.Time) (*azureParams, error) {
	p := &azureParams{values: map[string]string{}, now: now}
	for pair := range strings.SplitSeq(r.URL.RawQuery, "&") {
		name, value, _ := strings.Cut(pair, "=")
		p.add(unescapeAzure(name), unescapeAzure(value), "the address")
	}
	if r.Method == http.MethodPost {
		if err := p.addBody(http.MaxBytesReader(w, r.Body, maxAzureBody)); err != nil {
			return nil, err
		}
	}
	if p.first != nil {
		return nil, p.first
	}
	return p, p.checkVersion()
}

// add keeps a parameter that is known. Nothing may be given twice, or in two places.
func (p *azureParams) add(name, value, where string) {
	key := strings.TrimPrefix(strings.ToLower(name), "$")
	if !slices.Contains(azureNames[:], key) {
		return
	}
	if _, twice := p.values[key]; twice {
		p.fail(name, value, "must be given once, in the address or in the body; it is there again in "+where)
	}
	p.values[key] = value
}

func (p *azureParams) addBody(r io.Reader) error {
	body, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	var object map[string]any
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(&object); err != nil {
		return &azureError{http.StatusBadRequest, "InvalidRequestContent", "the body must be a JSON object: " + err.Error()}
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return &azureError{http.StatusBadRequest, "InvalidRequestContent", "the body must be one JSON object, and more follows it"}
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		switch value := object[name].(type) {
		case string:
			p.add(name, value, "the body")
		case json.Number:
			p.add(name, value.String(), "the body")
		case bool:
			p.add(name, strconv.FormatBool(value), "the body")
		case []any:
			if !strings.EqualFold(name, "resourceids") {
				p.fail(name, "an array", "must be a text, a number or a boolean in the body")
				continue
			}
			for _, id := range value {
				text, ok := id.(string)
				if !ok {
					p.fail(name, fmt.Sprint(id), "must be an array of texts")
				}
				p.resources = append(p.resources, text)
			}
		}
	}
	return nil
}

// unescapeAzure decodes a name or a value of a query string and leaves alone what is no escape: in a list of metrics Azure writes a comma
// inside a name as %2.
func unescapeAzure(s string) string {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '+':
			out.WriteByte(' ')
		case '%':
			if i+2 < len(s) {
				if b, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
					out.WriteByte(byte(b))
					i += 2
					continue
				}
			}
			out.WriteByte('%')
		default:
			out.WriteByte(s[i])
		}
	}
	return strings.ToValidUTF8(out.String(), "\uFFFD")
}

// checkVersion takes any date for a version of the interface: what is asked and answered here has not changed between them.
func (p *azureParams) checkVersion() error {
	version, ok := p.values["api-version"]
	if !ok || version == "" {
		return &azureError{http.StatusBadRequest, "MissingApiVersionParameter", "the parameter api-version is required for all requests, such as api-version=2024-02-01"}
	}
	date, preview := strings.ToLower(version), ""
	if len(date) > len(time.DateOnly) {
		date, preview = date[:len(time.DateOnly)], date[len(time.DateOnly):]
	}
	if _, err := time.Parse(time.DateOnly, date); err != nil || preview != "" && preview != "-preview" {
		return &azureError{http.StatusBadRequest, "InvalidApiVersionParameter", fmt.Sprintf("the api-version %q is invalid: it must be a date such as 2024-02-01, with or without -preview", shortened(version))}
	}
	return nil
}

func (p *azureParams) fail(name, value, rule string) {
	p.note(&ParameterError{Parameter: name, Value: shortened(value), Rule: rule})
}

func (p *azureParams) note(err error) {
	if p.first == nil {
		p.first = err
	}
}

// text returns a parameter's value without space around it, "" where it is not given.
func (p *azureParams) text(name string) string {
	return strings.TrimSpace(p.values[strings.ToLower(strings.TrimPrefix(name, "$"))])
}

// required is text for what must be given.
func (p *azureParams) required(name, rule string) string {
	value := p.text(name)
	if value == "" {
		p.fail(name, value, "must be given: "+rule)
	}
	return value
}

// list returns the values between commas; %2 is a comma inside of one.
func (p *azureParams) list(name string) []string {
	value := p.text(name)
	if value == "" {
		return nil
	}
	var out []string
	for part := range strings.SplitSeq(value, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			p.fail(name, value, "must not have empty parts")
		}
		out = append(out, strings.ReplaceAll(part, "%2", ","))
	}
	return out
}

func (p *azureParams) bool(name string, absent bool) bool {
	switch strings.ToLower(p.text(name)) {
	case "":
		return absent
	case "true":
		return true
	case "false":
		return false
	}
	p.fail(name, p.text(name), "must be true or false")
	return absent
}

// span returns the time that a request is about: timespan, or starttime and endtime, or the last hour.
func (p *azureParams) span(batch bool) (start, end time.Time) {
	if batch {
		end, start = p.now, p.now.Add(-defaultRange)
		from, to := p.text("starttime"), p.text("endtime")
		if from != "" {
			start = p.time("starttime", from)
		}
		if to != "" {
			if from == "" {
				p.fail("starttime", "", "must be given where endtime is")
			}
			end = p.time("endtime", to)
		}
		return start, p.after("endtime", to, start, end)
	}
	text := p.text("timespan")
	if text == "" {
		return p.now.Add(-defaultRange), p.now
	}
	first, second, both := strings.Cut(text, "/")
	length, isLength := azureDuration(first)
	switch {
	case !both && isLength:
		end = p.now
		return end.Add(-length), end
	case !both:
		p.fail("timespan", text, "must be start/end, start/duration, duration/end or a duration, such as 2026-03-01T10:00:00Z/2026-03-01T11:00:00Z or PT1H")
		return p.now, p.now
	case isLength:
		end = p.time("timespan", second)
		return end.Add(-length), end
	}
	start = p.time("timespan", first)
	if length, ok := azureDuration(second); ok {
		return start, start.Add(length)
	}
	return start, p.after("timespan", text, start, p.time("timespan", second))
}

func (p *azureParams) after(name, text string, start, end time.Time) time.Time {
	if !start.Before(end) {
		p.fail(name, text, "must end after it starts")
	}
	return end
}

func azureDuration(text string) (time.Duration, bool) {
	if text == "" || text[0] != 'P' && text[0] != 'p' {
		return 0, false
	}
	d, err := query.ParseDuration(text)
	return d, err == nil && d > 0
}

// time reads an ISO 8601 time; without a zone it is UTC.
func (p *azureParams) time(name, text string) time.Time {
	if t, ok := azureTime(text); ok {
		return t
	}
	p.fail(name, text, "must hold times such as 2026-03-01T10:00:00Z, from year 1970 to 2200")
	return p.now
}

func azureTime(text string) (time.Time, bool) {
	text = strings.ToUpper(strings.TrimSpace(text))
	// In a query string a bare plus sign means a space: 2026-03-01T10:00:00 01:00.
	zoned := strings.Replace(text, " ", "+", 1)
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05.999999999", "2006-01-02T15:04", time.DateOnly} {
		if t, err := time.Parse(layout, zoned); err == nil {
			return t.UTC(), t.Unix() >= 0 && t.Unix() <= maxSeconds
		}
	}
	return time.Time{}, false
}

// azureTimeText writes a time as Azure does, in UTC and with no more digits than it needs.
func azureTimeText(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.999Z") }
