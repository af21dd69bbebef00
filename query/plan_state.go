package query

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/endscope/endscope/scopes"
)

// State says whether an instance reports.
type State string

// The states of an instance. A scope above instances is ready if at least one of its instances is.
const (
	// StateReady means that the newest sample is younger than DrillDownConfig.InstanceMissingAfter and no stale marker.
	StateReady State = "ready"
	// StateMissing means that the instance has been seen within the look-back and is not ready: it stopped reporting, or
	// left and said so with stale markers.
	StateMissing State = "missing"
)

// labelState is the label that instance states are split by.
const labelState = "state"

// heartbeats are the series that say that an instance lives: our agent pushes at least one of them on every round, and
// each has one series for an instance. Instances without any of them are looked at through all their series.
var heartbeats = []string{"agent_build_info", "instance_cpu_utilization_ratio", "instance_ready"}

// rememberStep is the resolution at which instances are remembered.
const rememberStep = 5 * time.Minute

// stateRule is how the state of instances is told from stored samples.
type stateRule struct {
	missingAfter time.Duration
	remember     time.Duration
	silent       []scopes.Path        // instances without a heartbeat, sorted
	beating      map[scopes.Path]bool // those that have one
}

// expr returns a vector with the labels endpoint, deployment and instance: 1 for every instance that was seen within the
// look-back. By state there is also the label state, of the states that are wanted: 1 for the state that the instance is in
// and 0 for the others.
func (r stateRule) expr(ms []*labels.Matcher, byState bool, wanted ...State) parser.Expr {
	if !byState {
		return either(r.known(ms), r.ready(ms))
	}
	if len(wanted) == 0 {
		return binary(call("vector", number(0)), parser.LUNLESS, call("vector", number(0)))
	}
	var out []parser.Expr
	for _, s := range wanted {
		is := either(r.ready(ms), binary(r.known(ms), parser.MUL, number(0)))
		if s == StateMissing {
			is = either(binary(r.known(ms), parser.LUNLESS, r.ready(ms)), binary(r.ready(ms), parser.MUL, number(0)))
		}
		out = append(out, call("label_replace", is, text(labelState), text(string(s)), text(""), text("")))
	}
	return either(out...)
}

// silentStep is how exactly the newest sample of an instance without a heartbeat is known.
const silentStep = 15 * time.Second

// newest is when the newest heartbeat of every instance was, in seconds since 1970, of those that had one within the look-back.
func (r stateRule) newest(ms []*labels.Matcher) parser.Expr {
	return either(r.newestIn(ms), call("max_over_time", subquery(r.newestIn(ms), r.remember, rememberStep)))
}

// newestIn is newest of the instances that had a heartbeat within rememberStep.
func (r stateRule) newestIn(ms []*labels.Matcher) parser.Expr {
	var beats []parser.Expr
	for _, name := range heartbeats {
		at := call("ts_of_last_over_time", over(selector(named(name, ms)...), rememberStep))
		beats = append(beats, call("label_replace", at, text("heartbeat"), text(name), text(""), text("")))
	}
	newest := parser.Expr(aggregate(parser.MAX, either(beats...), instanceLabels()...))
	if len(r.silent) == 0 {
		return newest
	}
	// ts_of_last_over_time drops names and so cannot take all series of an instance at once.
	recent := byInstance(call("last_over_time", over(selector(r.silentMatchers(ms)...), silentStep)))
	return either(newest, call("ts_of_last_over_time", subquery(recent, rememberStep, silentStep)))
}

// ready is 1 for every instance that reports. timestamp() sees stale markers, as every instant selector does.
func (r stateRule) ready(ms []*labels.Matcher) parser.Expr {
	var alive []parser.Expr
	for _, name := range heartbeats {
		since := binary(call("time"), parser.SUB, number(r.missingAfter.Seconds()))
		alive = append(alive, byInstance(binary(call("timestamp", selector(named(name, ms)...)), parser.GTR, since)))
	}
	if len(r.silent) > 0 {
		// timestamp() drops names and so cannot take all series of an instance at once.
		recent := call("last_over_time", over(selector(r.silentMatchers(ms)...), r.missingAfter))
		alive = append(alive, binary(byInstance(selector(r.silentMatchers(ms)...)), parser.LAND, byInstance(recent)))
	}
	return either(alive...)
}

// known is 1 for every instance that had a sample within the look-back, also if a stale marker followed it. The subquery looks
// at multiples of rememberStep; what has come since the last of them is looked at by itself.
func (r stateRule) known(ms []*labels.Matcher) parser.Expr {
	return either(call("present_over_time", subquery(r.seen(ms), r.remember, rememberStep)), r.seen(ms))
}

// seen is 1 for every instance that had a sample within rememberStep.
func (r stateRule) seen(ms []*labels.Matcher) parser.Expr {
	name := labels.MustNewMatcher(labels.MatchRegexp, model.MetricNameLabel, strings.Join(heartbeats, "|"))
	seen := byInstance(call("last_over_time", over(selector(append([]*labels.Matcher{name}, ms...)...), rememberStep)))
	if len(r.silent) == 0 {
		return seen
	}
	return either(seen, byInstance(call("last_over_time", over(selector(r.silentMatchers(ms)...), rememberStep))))
}

func (r stateRule) silentMatchers(ms []*labels.Matcher) []*labels.Matcher {
	return append(slices.Clone(ms), instanceMatcher(r.silent), notRollup())
}

func byInstance(e parser.Expr) parser.Expr {
	return aggregate(parser.GROUP, e, instanceLabels()...)
}

// instanceMatcher matches the instance names of the paths.
func instanceMatcher(paths []scopes.Path) *labels.Matcher {
	names := make([]string, len(paths))
	for i, p := range paths {
		names[i] = regexp.QuoteMeta(p.Instance)
	}
	slices.Sort(names)
	return labels.MustNewMatcher(labels.MatchRegexp, scopes.LabelInstance, strings.Join(slices.Compact(names), "|"))
}

// above returns the deepest scope that holds all that a pattern stands for.
func above(p scopes.Pattern) (under scopes.Path) {
	names := [...]string{p.Endpoint, p.Deployment, p.Instance}
	for i, to := range []*string{&under.Endpoint, &under.Deployment, &under.Instance} {
		if names[i] == scopes.Wildcard {
			break
		}
		*to = names[i]
	}
	return under
}

// stateRule returns the rule for the instances of a scope, naming those that have no heartbeat.
func (p *Planner) stateRule(ctx context.Context, scope scopes.Pattern, win windows) (stateRule, error) {
	rule := stateRule{missingAfter: p.cfg.InstanceMissingAfter, remember: p.cfg.ScopeLookback, beating: map[scopes.Path]bool{}}
	oldest := win.start.Add(-p.cfg.ScopeLookback)
	q, err := p.open(oldest, win.end())
	if err != nil {
		return rule, err
	}
	defer q.Close()
	names, err := listInstances(ctx, q, oldest, win.end(), above(scope))
	if err != nil {
		return rule, err
	}
	for path, beating := range names {
		switch {
		case !scope.Covers(path):
		case beating:
			rule.beating[path] = true
		default:
			rule.silent = append(rule.silent, path)
		}
	}
	slices.SortFunc(rule.silent, func(a, b scopes.Path) int { return strings.Compare(a.String(), b.String()) })
	return rule, nil
}
