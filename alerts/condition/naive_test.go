package condition_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/condition"
)

// check is one of a history that a naive reading of the rules looks through anew at every check.
type check struct {
	at      time.Time
	verdict condition.Verdict
	named   bool
}

// naive says what happens at the last check of a history, given the events before it.
func naive(p condition.Policy, history []check, events []condition.Event) (condition.Event, bool) {
	counted, at := countedChecks(p, history), history[len(history)-1].at
	if len(counted) == 0 || !counted[len(counted)-1].at.Equal(at) {
		return condition.Event{}, false
	}
	var last *condition.Event
	if len(events) > 0 {
		last = &events[len(events)-1]
	}
	if !p.Stateful {
		quiet := last != nil && at.Sub(last.At) < p.Quiet
		met := counted[len(counted)-1].verdict == condition.Met
		return condition.Event{Condition: alerts.Fired, At: at, FiredAt: at}, met && holdsAt(p, counted, len(counted)-1) && !quiet
	}
	if last == nil || last.Condition == alerts.Resolved {
		return condition.Event{Condition: alerts.Fired, At: at, FiredAt: at}, holdsAt(p, counted, len(counted)-1)
	}
	unmet := 0
	for i := len(counted) - 1; i >= 0 && counted[i].at.After(last.At) && !holdsAt(p, counted, i); i-- {
		unmet++
	}
	return condition.Event{Condition: alerts.Resolved, At: at, FiredAt: last.At}, unmet >= p.ResolveAfter
}

// countedChecks returns the checks that count, each Met or Unmet.
func countedChecks(p condition.Policy, history []check) []check {
	var counted []check
	var data time.Time
	for _, c := range history {
		switch c.verdict {
		case condition.Met, condition.Unmet, condition.Unjudged:
			data = c.at
		}
		switch c.verdict {
		case condition.Met, condition.Unmet:
			counted = append(counted, c)
		case condition.NoData:
			there := c.named || !data.IsZero() && c.at.Sub(data) <= condition.Forget
			switch {
			case there && p.NoData == alerts.NoDataAlert:
				counted = append(counted, check{c.at, condition.Met, c.named})
			case there && p.NoData == alerts.NoDataKeep:
			default:
				counted = append(counted, check{c.at, condition.Unmet, c.named})
			}
		}
	}
	return counted
}

func holdsAt(p condition.Policy, counted []check, i int) bool {
	met := 0
	for n := 0; n < p.Periods && i >= 0; n++ {
		if counted[i].verdict == condition.Met {
			met++
		}
		if i > 0 && counted[i].at.Sub(counted[i-1].at) > time.Duration(p.Periods)*p.Frequency {
			break
		}
		i--
	}
	return met >= p.Failing
}

func TestStateDoesWhatTheRulesSay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := condition.Policy{
			Stateful:     rapid.Bool().Draw(t, "stateful"),
			Frequency:    rapid.SampledFrom([]time.Duration{15 * time.Second, time.Minute, time.Hour}).Draw(t, "frequency"),
			Periods:      rapid.IntRange(1, 24).Draw(t, "periods"),
			ResolveAfter: rapid.IntRange(1, 10).Draw(t, "resolve after"),
			NoData:       rapid.SampledFrom([]alerts.NoDataPolicy{alerts.NoDataIgnore, alerts.NoDataAlert, alerts.NoDataKeep}).Draw(t, "no data"),
			Quiet:        rapid.SampledFrom([]time.Duration{0, time.Minute, 5 * time.Minute}).Draw(t, "quiet"),
		}
		p.Failing = rapid.IntRange(1, p.Periods).Draw(t, "failing")
		at := time.Unix(0, 0).UTC()
		var s condition.State
		var history []check
		var events []condition.Event
		for range rapid.IntRange(1, 120).Draw(t, "checks") {
			c := check{at, condition.Verdict(rapid.IntRange(0, 4).Draw(t, "verdict")), rapid.IntRange(0, 9).Draw(t, "named") == 0}
			history = append(history, c)
			want, wanted := naive(p, history, events)
			decoded, err := condition.Decode(s.Encode(nil))
			require.NoError(t, err)
			require.Equal(t, s, decoded)
			e, happened := s.Step(p, at, condition.Check{Verdict: c.verdict, Named: c.named})
			require.Equal(t, wanted, happened, "at %s", at)
			if happened {
				require.Equal(t, want, e)
				events = append(events, e)
			}
			open, isOpen := s.Open()
			require.Equal(t, p.Stateful && len(events) > 0 && events[len(events)-1].Condition == alerts.Fired, isOpen)
			if isOpen {
				require.Equal(t, events[len(events)-1].At, open)
			}
			gap := rapid.SampledFrom([]int{1, 1, 1, 1, 2, 5, 30}).Draw(t, "gap")
			at = at.Add(time.Duration(gap) * p.Frequency)
		}
	})
}

// A state that is forgettable may be replaced by the zero one: whatever follows, the same happens.
func TestWhatIsForgettableIsNotMissed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := condition.Policy{
			Stateful: rapid.Bool().Draw(t, "stateful"), Frequency: time.Hour, Periods: 3, Failing: rapid.IntRange(1, 3).Draw(t, "failing"),
			ResolveAfter: 3, NoData: rapid.SampledFrom([]alerts.NoDataPolicy{alerts.NoDataIgnore, alerts.NoDataAlert, alerts.NoDataKeep}).Draw(t, "no data"),
			Quiet: time.Minute,
		}
		at := start
		step := func(states ...*condition.State) {
			c := condition.Check{Verdict: condition.Verdict(rapid.SampledFrom([]int{0, 1, 2, 2, 2, 2, 3, 4}).Draw(t, "verdict"))}
			e, happened := states[0].Step(p, at, c)
			for _, other := range states[1:] {
				f, too := other.Step(p, at, c)
				require.Equal(t, happened, too)
				require.Equal(t, e, f)
			}
			at = at.Add(time.Duration(rapid.IntRange(1, 30).Draw(t, "gap")) * time.Hour)
		}
		var s condition.State
		for range 30 {
			step(&s)
			if s.Forgettable(p, at) {
				var fresh condition.State
				for range 10 {
					step(&s, &fresh)
				}
				return
			}
		}
	})
}
