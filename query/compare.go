package query

import (
	"time"
)

// windows returns the windows of the past that the windows of a request are compared with, as many and as long; nil
// where there is nothing to compare with.
func (c Compare) windows(r Request, win windows) (*windows, error) {
	bad := func(value, rule string) (*windows, error) {
		return nil, &ParamError{Name: "compare", Value: value, Rule: rule}
	}
	var back time.Duration
	switch {
	case c == Compare{}:
		return nil, nil
	case win.every != 0:
		return bad("", "must not come with every")
	case c.Previous:
		back = win.end().Sub(win.start)
	case !c.Start.IsZero():
		back = r.Start.Truncate(time.Millisecond).Sub(c.Start.Truncate(time.Millisecond))
		if back == 0 {
			return bad(c.Start.UTC().Format(time.RFC3339), "must be another start than the request's")
		}
	default:
		back = c.Offset
		if back < minInterval || back > maxDuration || back%time.Millisecond != 0 {
			return bad(back.String(), "must be an offset of at least 1s and at most 100 years")
		}
	}
	return &windows{start: win.start.Add(-back), length: win.length, count: win.count}, nil
}
