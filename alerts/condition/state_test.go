package condition_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/condition"
	"github.com/endscope/endscope/scopes"
)

func TestVerdictOfSeveralCriteria(t *testing.T) {
	const unmet, met, noData, failed, unjudged = condition.Unmet, condition.Met, condition.NoData, condition.Error, condition.Unjudged
	f := func(want condition.Verdict, list ...condition.Verdict) {
		t.Helper()
		assert.Equal(t, want, condition.All(list...), "%v", list)
	}
	f(met, met)
	f(met, met, met)
	f(unmet, met, unmet, met)
	f(unmet, noData, unmet)
	f(noData, noData, met)
	f(failed, met, failed)
	f(failed, unmet, failed)
	f(unjudged, met, unjudged)
	f(unmet, unmet, unjudged)
	f(failed)
	f(failed, 99)
	assert.Equal(t, "no data", noData.String())
	assert.Equal(t, "invalid", condition.Verdict(99).String())
}

func TestBoundThatWasCrossed(t *testing.T) {
	lower, upper, nan := 1.0, 5.0, math.NaN()
	f := func(op alerts.Operator, value float64, lo, up *float64, want *float64, outside bool) {
		t.Helper()
		c := &alerts.Criterion{Type: alerts.DynamicThreshold, Operator: op}
		verdict, saw := condition.Judge(c, &value, lo, up)
		assert.Equal(t, want, saw.Threshold)
		assert.Equal(t, value, *saw.Value)
		assert.Equal(t, lo, saw.Lower)
		assert.Equal(t, up, saw.Upper)
		wanted := condition.Unjudged
		if want != nil {
			wanted = map[bool]condition.Verdict{true: condition.Met, false: condition.Unmet}[outside]
		}
		assert.Equal(t, wanted, verdict)
	}
	f(alerts.GreaterOrLessThan, 6, &lower, &upper, &upper, true)
	f(alerts.GreaterOrLessThan, 0, &lower, &upper, &lower, true)
	f(alerts.GreaterOrLessThan, 4, &lower, &upper, &upper, false) // the nearest
	f(alerts.GreaterOrLessThan, 2, &lower, &upper, &lower, false)
	f(alerts.GreaterThan, 0, &lower, &upper, &upper, false)
	f(alerts.GreaterThan, 6, &lower, &upper, &upper, true)
	f(alerts.LessThan, 6, &lower, &upper, &lower, false)
	f(alerts.LessThan, 0, &lower, &upper, &lower, true)
	f(alerts.LessThan, 0, nil, &upper, nil, false)
	f(alerts.GreaterThan, 6, &lower, nil, nil, false)
	f(alerts.Equals, 6, &lower, &upper, nil, false)
	inf := math.Inf(1)
	verdict, saw := condition.Judge(&alerts.Criterion{Type: alerts.DynamicThreshold, Operator: alerts.GreaterThan}, &inf, &lower, &upper)
	assert.Equal(t, condition.NoData, verdict)
	assert.Nil(t, saw.Value)
	value := 6.0
	verdict, _ = condition.Judge(&alerts.Criterion{Type: alerts.DynamicThreshold, Operator: alerts.GreaterThan}, &value, &lower, &nan)
	assert.Equal(t, condition.Unjudged, verdict)
	assert.False(t, condition.Compare(alerts.GreaterThan, 1, nan))
	assert.False(t, condition.Compare(alerts.GreaterOrLessThan, 1, 0))
}

func TestPolicyOfRules(t *testing.T) {
	r := &alerts.Rule{Kind: alerts.KindMetric, AutoMitigate: true, EvaluationFrequency: time.Minute, NoData: alerts.NoDataKeep, Criteria: []alerts.Criterion{{}, {}}}
	assert.Equal(t, condition.Policy{Stateful: true, Frequency: time.Minute, Failing: 1, Periods: 1, ResolveAfter: 3, NoData: alerts.NoDataKeep}, condition.PolicyOf(r))
	r.Criteria[1].FailingPeriods = alerts.FailingPeriods{NumberOfEvaluationPeriods: 4, MinFailingPeriodsToAlert: 9}
	p := condition.PolicyOf(r)
	assert.Equal(t, 4, p.Failing)
	assert.Equal(t, 4, p.Periods)
}

func TestSeriesThatARuleNames(t *testing.T) {
	a, b := scopes.Path{Endpoint: "a"}, scopes.Path{Endpoint: "b"}
	r := &alerts.Rule{Scopes: []scopes.Pattern{{Endpoint: "a"}, {Endpoint: "*"}}, Criteria: []alerts.Criterion{{}}}
	assert.True(t, condition.Named(r, a))
	assert.False(t, condition.Named(r, b))
	assert.False(t, condition.Named(r, scopes.Path{}))
	r.Criteria[0].Dimensions = []alerts.Dimension{{Name: "statusCode", Operator: alerts.Include, Values: []string{"500"}}}
	assert.True(t, condition.Named(r, a))
	for _, d := range []alerts.Dimension{
		{Name: "x", Operator: alerts.Include, Values: []string{"*"}}, {Name: "x", Operator: alerts.Include, Values: []string{"1", "2"}},
		{Name: "x", Operator: alerts.Exclude, Values: []string{"1"}}, {Name: "x", Operator: alerts.StartsWith, Values: []string{"1"}},
	} {
		r.Criteria[0].Dimensions = []alerts.Dimension{d}
		assert.False(t, condition.Named(r, a), d)
	}
	assert.True(t, condition.Named(&alerts.Rule{}, scopes.Path{}), "a log rule over all rows")
}

func TestAlertIsResolvedByHand(t *testing.T) {
	p := condition.Policy{Stateful: true, Frequency: time.Minute, Failing: 1, Periods: 2, ResolveAfter: 3}
	var s condition.State
	_, resolved := s.Resolve(start)
	assert.False(t, resolved)
	_, fired := s.Step(p, start, condition.Check{Verdict: condition.Met})
	require.True(t, fired)
	e, resolved := s.Resolve(start.Add(time.Hour))
	require.True(t, resolved)
	assert.Equal(t, condition.Event{Condition: alerts.Resolved, At: start.Add(time.Hour), FiredAt: start}, e)
	_, open := s.Open()
	assert.False(t, open)
	_, fired = s.Step(p, start.Add(time.Minute), condition.Check{Verdict: condition.Unmet})
	assert.False(t, fired, "the check that fired is done with")
}

func TestChecksInWrongOrderChangeNothing(t *testing.T) {
	p := condition.Policy{Stateful: true, Frequency: time.Minute, Failing: 1, Periods: 1, ResolveAfter: 1}
	var s condition.State
	s.Step(p, start, condition.Check{Verdict: condition.Met})
	before := s
	_, happened := s.Step(p, start.Add(-time.Minute), condition.Check{Verdict: condition.Unmet})
	assert.False(t, happened)
	assert.Equal(t, before, s)
	last, ok := s.LastCheck()
	assert.True(t, ok)
	assert.Equal(t, start, last)
	data, ok := s.LastData()
	assert.True(t, ok)
	assert.Equal(t, start, data)
}

func TestEncodingIsShortAndKept(t *testing.T) {
	var s condition.State
	assert.Equal(t, []byte{1, 0, 0, 0, 0, 0, 0}, s.Encode(nil))
	p := condition.Policy{Stateful: true, Frequency: time.Minute, Failing: 1, Periods: 24, ResolveAfter: 3}
	for i := range 30 {
		s.Step(p, start.Add(time.Duration(i)*time.Minute), condition.Check{Verdict: condition.Met})
	}
	b := s.Encode([]byte("before"))
	assert.Equal(t, "before", string(b[:6]))
	assert.LessOrEqual(t, len(b)-6, 24)
	decoded, err := condition.Decode(b[6:])
	require.NoError(t, err)
	assert.Equal(t, s, decoded)
}

func TestWhatIsNoState(t *testing.T) {
	for _, b := range []string{"", "\x00", "\x02\x00\x00\x00\x00\x00\x00", "\x01", "\x01\x00\x00\x00\x00\x00", "\x01\x00\x00\x00\x00\x00\x00\x00",
		"\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x00\x00\x00\x00", "\x01\x00\x00\x00\x00\xff\xff\xff\xff\x7f\x00", "\x01\x05\x20\x00\x00\x00\x00"} {
		_, err := condition.Decode([]byte(b))
		assert.ErrorIs(t, err, condition.ErrEncoding, "%q", b)
	}
}

func FuzzDecode(f *testing.F) {
	var s condition.State
	f.Add(s.Encode(nil))
	p := condition.Policy{Stateful: true, Frequency: time.Minute, Failing: 1, Periods: 3, ResolveAfter: 3}
	s.Step(p, start, condition.Check{Verdict: condition.Met})
	s.Step(p, start.Add(time.Minute), condition.Check{Verdict: condition.Unmet})
	f.Add(s.Encode(nil))
	f.Add([]byte("\x01\x80\x80\x04\x01\x03\x00\x07\x02"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := condition.Decode(b)
		if err != nil {
			require.ErrorIs(t, err, condition.ErrEncoding)
			return
		}
		again, err := condition.Decode(s.Encode(nil))
		require.NoError(t, err)
		require.Equal(t, s, again)
		s.Step(p, start, condition.Check{Verdict: condition.Met}) // whatever it holds, it steps
		s.Resolve(start)
	})
}

func BenchmarkStep(b *testing.B) {
	p := condition.Policy{Stateful: true, Frequency: time.Minute, Failing: 3, Periods: 4, ResolveAfter: 3}
	var s condition.State
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		s.Step(p, start.Add(time.Duration(i)*time.Minute), condition.Check{Verdict: condition.Verdict(i / 7 % 2)})
	}
}

func TestSetBack(t *testing.T) {
	at := func(n int) time.Time { return time.Unix(0, 0).Add(time.Duration(n) * time.Minute).UTC() }
	seen := func(v condition.Verdict) condition.Check { return condition.Check{Verdict: v} }
	stateful := condition.Policy{Stateful: true, Frequency: time.Minute, Failing: 1, Periods: 1, ResolveAfter: 2, NoData: alerts.NoDataAlert}

	var s condition.State
	s.Step(stateful, at(100), seen(condition.Met))
	s.Step(stateful, at(101), seen(condition.Unmet))
	before := s
	s.SetBack(stateful, at(101))
	require.Equal(t, before, s, "nothing is ahead")
	s.SetBack(stateful, at(5))
	last, _ := s.LastCheck()
	require.Equal(t, at(5), last)
	data, _ := s.LastData()
	require.Equal(t, at(5), data)
	open, _ := s.Open()
	require.Equal(t, at(100), open)
	_, ok := s.Step(stateful, at(6), seen(condition.Unmet))
	require.False(t, ok, "the check at 101 no longer counts")
	e, ok := s.Step(stateful, at(7), seen(condition.Unmet))
	require.True(t, ok)
	require.Equal(t, condition.Event{Condition: alerts.Resolved, At: at(7), FiredAt: at(100)}, e)
	_, ok = s.Step(stateful, at(100), seen(condition.Met))
	require.False(t, ok, "it fired at this instant before")
	e, ok = s.Step(stateful, at(101), seen(condition.Met))
	require.True(t, ok)
	require.Equal(t, at(101), e.FiredAt)

	stateless := condition.Policy{Frequency: time.Minute, Failing: 1, Periods: 1, Quiet: 5 * time.Minute}
	s = condition.State{}
	s.Step(stateless, at(100), seen(condition.Met))
	s.SetBack(stateless, at(5))
	for n, fires := range map[int]bool{9: false, 10: true} {
		one := s
		_, ok = one.Step(stateless, at(n), seen(condition.Met))
		require.Equal(t, fires, ok, n)
	}
}
