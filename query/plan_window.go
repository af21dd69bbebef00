package query

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// Interval is the length of the windows that an answer's points stand for: a fixed one, one chosen from the time range
// (auto, the zero value), or the whole range as one window (full).
type Interval struct {
	Fixed time.Duration
	Full  bool
}

// autoSteps are the intervals that auto chooses from, those of Azure Monitor.
var autoSteps = [...]time.Duration{
	time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
}

// autoPoints is how many points auto aims to stay under: about what a chart can show.
const autoPoints = 300

// minInterval is the shortest interval that may be asked for.
const minInterval = time.Second

var isoDuration = regexp.MustCompile(`^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$`)

// ParseInterval reads `auto` (or nothing), `full`, a Go or Prometheus duration (`90s`, `1h30m`, `1d`) or an ISO 8601
// duration (`PT5M`, `P1D`), all without regard to case where that is not ambiguous. It returns an error that names the
// value and what is allowed: at least one second, and whole milliseconds.
func ParseInterval(s string) (Interval, error) {
	switch strings.ToLower(s) {
	case "", "auto":
		return Interval{}, nil
	case "full":
		return Interval{Full: true}, nil
	}
	d, err := ParseDuration(s)
	if err != nil || d < minInterval || d%time.Millisecond != 0 {
		return Interval{}, &ParamError{Name: "interval", Value: s,
			Rule: "must be auto, full, or a duration of at least 1s such as 1m, 1h30m or PT5M"}
	}
	return Interval{Fixed: d}, nil
}

// ParseDuration reads a Go (`1h30m`), Prometheus (`1d`, `2w`) or ISO 8601 duration (`PT1H`, `P1D`, without years and months).
// Its error does not say what is allowed: the caller knows what the duration is for.
func ParseDuration(s string) (time.Duration, error) {
	if m := isoDuration.FindStringSubmatch(strings.ToUpper(s)); m != nil {
		var total time.Duration
		given := false
		for i, unit := range []time.Duration{7 * 24 * time.Hour, 24 * time.Hour, time.Hour, time.Minute, time.Second} {
			if m[i+1] == "" {
				continue
			}
			given = true
			n, err := strconv.ParseInt(m[i+1], 10, 32)
			if err != nil || time.Duration(n) > maxDuration/unit || total > maxDuration-time.Duration(n)*unit {
				return 0, fmt.Errorf("%q is out of range", s)
			}
			total += time.Duration(n) * unit
		}
		if !given {
			return 0, fmt.Errorf("%q is no duration", s)
		}
		return total, nil
	}
	if d, err := model.ParseDuration(s); err == nil {
		return time.Duration(d), nil
	}
	return time.ParseDuration(s)
}

// maxDuration keeps arithmetic on times far from overflow.
const maxDuration = 100 * 365 * 24 * time.Hour

// windows are the stretches of time (start+i*step, start+i*step+length] that an answer has one value for each of. Consecutive ones
// have a step of length; others overlap, or leave gaps.
type windows struct {
	start  time.Time
	length time.Duration
	count  int
	every  time.Duration // the step; 0 for length
}

// newWindows returns the windows that cover [start, end): those aligned to multiples of the interval since 1970, the first
// holding start and the last ending at or after end; or exactly one from start to end.
func newWindows(start, end time.Time, interval Interval) windows {
	if interval.Full {
		return windows{start: start, length: end.Sub(start), count: 1}
	}
	length := interval.Fixed
	if length == 0 {
		length = autoSteps[len(autoSteps)-1]
		for _, step := range autoSteps {
			if end.Sub(start) <= autoPoints*step {
				length = step
				break
			}
		}
	}
	step := length.Milliseconds()
	first := floorDiv(start.UnixMilli(), step)
	last := -floorDiv(-end.UnixMilli(), step)
	return windows{start: time.UnixMilli(first * step).UTC(), length: length, count: int(last - first)}
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && a < 0 {
		q--
	}
	return q
}

// step returns how long after a window the next one begins.
func (w windows) step() time.Duration { return cmp.Or(w.every, w.length) }

// begin returns when a window begins.
func (w windows) begin(i int) time.Time { return w.start.Add(time.Duration(i) * w.step()) }

// end returns the end of the last window.
func (w windows) end() time.Time { return w.begin(w.count - 1).Add(w.length) }

// part returns the windows from the i-th on up to before the j-th.
func (w windows) part(i, j int) windows {
	return windows{start: w.begin(i), length: w.length, count: j - i, every: w.every}
}

// ended returns how many of the windows, from the first on, have ended at a time.
func (w windows) ended(now time.Time) int {
	since := floorDiv(int64(now.Sub(w.start)-w.length), int64(w.step()))
	return int(min(int64(w.count), max(0, since+1)))
}

// whole returns the time of all windows as one.
func (w windows) whole() windows {
	return windows{start: w.start, length: w.end().Sub(w.start), count: 1}
}

// timestamps returns the starts of the windows in milliseconds since 1970.
func (w windows) timestamps() []int64 {
	out := make([]int64, w.count)
	for i := range out {
		out[i] = w.start.UnixMilli() + int64(i)*w.step().Milliseconds()
	}
	return out
}

// index returns the window whose end is at t, in milliseconds since 1970.
func (w windows) index(t int64) (int, bool) {
	since := t - w.start.UnixMilli() - w.length.Milliseconds()
	step := w.step().Milliseconds()
	i := since / step
	return int(i), since%step == 0 && i >= 0 && i < int64(w.count)
}
