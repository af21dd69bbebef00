package web

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/endscope/endscope/query"
)

// params reads the query parameters of a request. Each reader notes what is not allowed as a *ParameterError; err returns the first.
type params struct {
	values url.Values
	now    time.Time
	first  error
}

// newParams returns the parameters of a request, all of which must be among the allowed names.
func newParams(r *http.Request, now time.Time, allowed ...string) *params {
	p := &params{now: now}
	var err error
	if p.values, err = url.ParseQuery(r.URL.RawQuery); err != nil {
		p.fail("query", r.URL.RawQuery, "must be an encoded query string: "+err.Error())
	}
	p.allow(allowed)
	return p
}

// allow notes the first parameter that is none of the allowed ones.
func (p *params) allow(allowed []string) {
	for _, name := range slices.Sorted(maps.Keys(p.values)) {
		values := p.values[name]
		if !slices.Contains(allowed, name) {
			rule := "is not known here; there are no parameters"
			if len(allowed) > 0 {
				rule = "is not known here; there are " + strings.Join(allowed, ", ")
			}
			p.fail(name, values[0], rule)
		}
	}
}

func (p *params) fail(name, value, rule string) {
	if p.first == nil {
		p.first = &ParameterError{Parameter: name, Value: value, Rule: rule}
	}
}

// note keeps an error of a parser that names the value itself.
func (p *params) note(err error) {
	if p.first == nil {
		p.first = err
	}
}

func (p *params) err() error { return p.first }

// one returns the value of a parameter that may be given once, "" where it is not given.
func (p *params) one(name string) string {
	values := p.values[name]
	if len(values) > 1 {
		p.fail(name, strings.Join(values, ", "), fmt.Sprintf("must be given once, and is there %d times", len(values)))
	}
	return p.values.Get(name)
}

// list returns the values of a parameter that may be repeated and may hold several values between commas.
func (p *params) list(name string) []string {
	var out []string
	for _, value := range p.values[name] {
		if value == "" {
			continue
		}
		for part := range strings.SplitSeq(value, ",") {
			if part = strings.TrimSpace(part); part == "" {
				p.fail(name, value, "must not have empty parts")
			}
			out = append(out, part)
		}
	}
	return out
}

// time returns the time of a parameter, or absent where it is not given.
func (p *params) time(name string, absent time.Time) time.Time {
	value := p.one(name)
	if value == "" {
		return absent
	}
	t, ok := parseTime(value, p.now)
	if !ok {
		p.fail(name, value, "must be a time such as 2026-03-01T10:00:00Z, 1772359200 (seconds since 1970), now or now-1h, from year 1970 to 2200")
	}
	return t
}

// oneOf returns the value of a parameter that may have one of some words, compared without case; "" where it is not given.
func (p *params) oneOf(name string, words ...string) string {
	text := p.one(name)
	for _, word := range words {
		if strings.EqualFold(text, word) {
			return word
		}
	}
	if text != "" {
		p.fail(name, text, "must be "+strings.Join(words, " or "))
	}
	return ""
}

// span returns the time that start and end, or timespan, ask for; where no start is given, the length before the end.
func (p *params) span(length time.Duration) (start, end time.Time) {
	text := p.one("timespan")
	if text == "" {
		end = p.time("end", p.now)
		return p.time("start", end.Add(-length)), end
	}
	for _, name := range []string{"start", "end"} {
		if value := p.one(name); value != "" {
			p.fail(name, value, "must not come together with timespan")
		}
	}
	start, end, err := parseSpan(text, p.now)
	if err != nil {
		p.fail("timespan", text, err.Error())
	}
	return start, end
}

// spanForms is what a span may look like.
const spanForms = "must be start/end, start/PT1H, PT1H/end or PT1H, with times such as 2026-03-01T10:00:00Z or 2026-03-01 from year 1970 to 2200"

// errSpanBackwards is the rule that a span breaks whose end comes first.
var errSpanBackwards = errors.New("ends before it begins")

// parseSpan reads start/end, start/duration, duration/end, and a duration alone, which ends now. A date is its midnight in UTC. Its error
// is the rule that was broken.
func parseSpan(text string, now time.Time) (start, end time.Time, err error) {
	first, second, two := strings.Cut(text, "/")
	start, hasStart := parseSpanTime(first, now)
	if !two {
		second, hasStart = "now", false
	}
	end, hasEnd := parseSpanTime(second, now)
	switch {
	case hasStart && hasEnd:
		return start, end, nil
	case hasEnd:
		length, err := spanLength(first)
		if start = end.Add(-length); err == nil && start.Unix() < 0 {
			err = errors.New("must not begin before the year 1970")
		}
		return start, end, err
	case hasStart:
		length, err := spanLength(second)
		if end = start.Add(length); err == nil && end.Unix() > maxSeconds {
			err = errors.New("must not end after the year 2200")
		}
		return start, end, err
	}
	return start, end, errors.New(spanForms)
}

// parseSpanTime is parseTime that takes dates, too.
func parseSpanTime(s string, now time.Time) (time.Time, bool) {
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t, t.Unix() >= 0 && t.Unix() <= maxSeconds
	}
	return parseTime(s, now)
}

// spanLength reads the duration of a span.
func spanLength(s string) (time.Duration, error) {
	d, err := query.ParseDuration(s)
	date, _, _ := strings.Cut(strings.ToUpper(s), "T")
	switch {
	case err == nil && d > 0:
		return d, nil
	case err == nil:
		return 0, errors.New("must be longer than 0")
	case strings.HasPrefix(date, "P") && strings.ContainsAny(date, "YM"):
		return 0, errors.New("must not have years or months, which are not always as long: give weeks (P1W), days (P30D), hours, minutes (PT1M) and seconds")
	}
	return 0, errors.New(spanForms)
}

// The times that may be asked for, as seconds since 1970.
const maxSeconds = 7_258_118_400 // year 2200

// parseTime reads RFC 3339, seconds since 1970 with or without a fraction, `now`, and `now` less or more a duration.
func parseTime(s string, now time.Time) (time.Time, bool) {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, t.Unix() >= 0 && t.Unix() <= maxSeconds
	}
	// In a query string a bare plus sign means a space: `2026-03-01T10:00:00 01:00`, `now 1h`.
	if t, err := time.Parse(time.RFC3339, strings.Replace(s, " ", "+", 1)); err == nil {
		return t, t.Unix() >= 0 && t.Unix() <= maxSeconds
	}
	if rest, ok := strings.CutPrefix(strings.ToLower(s), "now"); ok {
		if rest == "" {
			return now, true
		}
		d, err := query.ParseDuration(s[len("now")+1:])
		if err != nil || d < 0 {
			return time.Time{}, false
		}
		switch rest[0] {
		case '-':
			d = -d
		case '+', ' ':
		default:
			return time.Time{}, false
		}
		t := now.Add(d)
		return t, t.Unix() >= 0 && t.Unix() <= maxSeconds
	}
	seconds, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(seconds) || seconds < 0 || seconds > maxSeconds {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(math.Round(seconds * 1000))).UTC(), true
}
