package condition

import (
	"time"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/scopes"
)

// Forget is how long a series without data is still told of as one without data. After it, a check without data counts as not met
// whatever the policy says, so that what is gone for good resolves; series that the rule names are never forgotten.
const Forget = 24 * time.Hour

// Policy is what a rule asks of the checks of a series. Make one with PolicyOf.
type Policy struct {
	Stateful  bool
	Frequency time.Duration // time between two checks
	// The condition holds if at least Failing of the last Periods checks were met, the present one among them. From 1 to 32.
	Failing, Periods int
	ResolveAfter     int           // as many checks in a row at which the condition does not hold resolve a stateful alert
	Quiet            time.Duration // after a stateless alert the next one comes at the earliest this much later
	NoData           alerts.NoDataPolicy
}

// PolicyOf returns the policy of a valid rule of metrics or logs.
func PolicyOf(rule *alerts.Rule) Policy {
	p := Policy{
		Stateful: rule.AutoMitigate, Frequency: rule.EvaluationFrequency, Failing: 1, Periods: 1, ResolveAfter: 3, NoData: rule.NoData,
	}
	for i := range rule.Criteria {
		if f := rule.Criteria[i].FailingPeriods; f.NumberOfEvaluationPeriods > 0 {
			p.Periods = min(f.NumberOfEvaluationPeriods, maxPeriods)
			p.Failing = max(1, min(f.MinFailingPeriodsToAlert, p.Periods))
			break // they are alike in all criteria
		}
	}
	if rule.Kind == alerts.KindLog {
		p.ResolveAfter = logResolveAfter(rule.EvaluationFrequency)
	}
	if !p.Stateful {
		p.Quiet = max(rule.MuteActionsDuration, time.Minute) // at most one alert a minute, also at PT15S
	}
	return p
}

// logResolveAfter returns after how many checks in a row that are not met an alert of a log rule resolves: ten minutes below a frequency
// of five minutes but at least three, three up to 15 minutes, two up to 11 hours, one above.
func logResolveAfter(frequency time.Duration) int {
	switch {
	case frequency <= 0:
		return 3
	case frequency < 5*time.Minute:
		return max(3, int((10*time.Minute+frequency-1)/frequency))
	case frequency <= 15*time.Minute:
		return 3
	case frequency <= 11*time.Hour:
		return 2
	}
	return 1
}

// Named says whether a rule names the series of a scope: by a scope without `*`, and with no dimension but such as take one value. What
// is named is expected: no data is told of it although it never had any.
func Named(rule *alerts.Rule, scope scopes.Path) bool {
	for i := range rule.Criteria {
		for _, d := range rule.Criteria[i].Dimensions {
			if d.Operator != alerts.Include || len(d.Values) != 1 || d.Values[0] == scopes.Wildcard {
				return false
			}
		}
	}
	for _, s := range rule.Scopes {
		if p, ok := s.Concrete(); ok && p == scope {
			return true
		}
	}
	return len(rule.Scopes) == 0 && scope == scopes.Path{}
}
