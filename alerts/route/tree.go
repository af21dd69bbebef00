package route

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/config"
	amcommoncfg "github.com/prometheus/alertmanager/config/common"
	"github.com/prometheus/alertmanager/matcher/compat"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/alertmanager/timeinterval"
	"github.com/prometheus/common/model"

	"github.com/endscope/endscope/alerts"
)

const (
	// eachSuffix ends the name of the receiver that gets the alerts of a group one by one. Names of groups have no slash.
	eachSuffix = "/each"
	// eachInterval is Alertmanager's group_interval where each alert is a group: how long after it fired an alert may be told as resolved.
	eachInterval = model.Duration(30 * time.Second)
)

// tree is what a policy and action groups make together, in Alertmanager's types.
type tree struct {
	route     *config.Route
	inhibit   []amcommoncfg.InhibitRule
	intervals []config.TimeInterval
	receivers []string // in the order of the groups; Nobody is the first
}

// makeTree makes the tree of routes:
//
//	root: nobody, with the policy's grouping and times
//	├─ for each enabled group: action_groups=~".*,NAME,.*", continue → NAME, and → NAME/each, grouped by all labels
//	├─ action_groups="" or with *: the policy's routes → NAME, if any goes to a group with grouped integrations
//	├─ action_groups="" or with *: the policy's routes again → NAME/each, if any goes to one with single ones
//	└─ action_groups with none of the groups above: both of the policy's again
//
// has says which groups have grouped and single integrations. A group that is not enabled is nobody. The policy was checked.
func makeTree(p Policy, groups []alerts.ActionGroup, has func(name string) (grouped, single bool)) (*tree, error) {
	t := &tree{receivers: []string{Nobody}}
	b := &treeBuilder{names: map[string]string{}, each: map[string]string{}}
	root := &config.Route{Receiver: Nobody}
	b.grouping(root, p.Route)
	for i := range groups {
		g := &groups[i]
		if !g.Enabled {
			continue
		}
		grouped, single := has(g.Name)
		if grouped {
			r, err := b.group(g, g.Name)
			if err != nil {
				return nil, err
			}
			b.names[g.Name] = g.Name
			t.receivers = append(t.receivers, g.Name)
			root.Routes = append(root.Routes, r)
		}
		if single {
			r, err := b.group(g, g.Name+eachSuffix)
			if err != nil {
				return nil, err
			}
			b.alone(r)
			b.each[g.Name] = g.Name + eachSuffix
			t.receivers = append(t.receivers, g.Name+eachSuffix)
			root.Routes = append(root.Routes, r)
		}
	}
	unnamed, err := labels.NewMatcher(labels.MatchRegexp, alerts.LabelActionGroups, "|.*,"+regexp.QuoteMeta(alerts.PolicyGroup)+",.*")
	if err != nil {
		return nil, err
	}
	lost, err := b.lost()
	if err != nil {
		return nil, err
	}
	for _, which := range []amcommoncfg.Matchers{{unnamed}, lost} {
		for _, part := range []struct {
			receivers map[string]string // by group
			alone     bool
		}{{b.names, false}, {b.each, true}} {
			if !names(p.Route, part.receivers) {
				continue
			}
			r, err := b.policy(p.Route, part.receivers, part.alone)
			if err != nil {
				return nil, err
			}
			if r.Matchers, r.Continue = which, true; part.alone {
				b.alone(r)
			}
			root.Routes = append(root.Routes, r)
		}
	}
	t.route = root
	for _, r := range p.InhibitRules {
		rule := amcommoncfg.InhibitRule{Name: r.Name, Equal: r.Equal}
		if rule.SourceMatchers, err = matchers(r.SourceMatchers); err != nil {
			return nil, err
		}
		if rule.TargetMatchers, err = matchers(r.TargetMatchers); err != nil {
			return nil, err
		}
		t.inhibit = append(t.inhibit, rule)
	}
	for _, i := range p.TimeIntervals {
		t.intervals = append(t.intervals, config.TimeInterval{Name: i.Name, TimeIntervals: i.TimeIntervals})
	}
	return t, nil
}

func (t *tree) times() map[string][]timeinterval.TimeInterval {
	m := make(map[string][]timeinterval.TimeInterval, len(t.intervals))
	for _, i := range t.intervals {
		m[i.Name] = i.TimeIntervals
	}
	return m
}

// treeBuilder makes routes.
type treeBuilder struct {
	names, each map[string]string // receivers by the group's name
}

// lost matches alerts that name groups, and none that tells anybody: they go where those go that name none.
func (b *treeBuilder) lost() (amcommoncfg.Matchers, error) {
	some, err := labels.NewMatcher(labels.MatchNotEqual, alerts.LabelActionGroups, "")
	if err != nil {
		return nil, err
	}
	known := []string{regexp.QuoteMeta(alerts.PolicyGroup)}
	for _, m := range []map[string]string{b.names, b.each} {
		for name := range m {
			known = append(known, regexp.QuoteMeta(name))
		}
	}
	slices.Sort(known)
	none, err := labels.NewMatcher(labels.MatchNotRegexp, alerts.LabelActionGroups, ".*,("+strings.Join(slices.Compact(known), "|")+"),.*")
	return amcommoncfg.Matchers{some, none}, err
}

// group makes the route of alerts that name a group.
func (b *treeBuilder) group(g *alerts.ActionGroup, receiver string) (*config.Route, error) {
	m, err := labels.NewMatcher(labels.MatchRegexp, alerts.LabelActionGroups, ".*,"+regexp.QuoteMeta(g.Name)+",.*")
	if err != nil {
		return nil, err
	}
	r := &config.Route{Receiver: receiver, Matchers: amcommoncfg.Matchers{m}, Continue: true, MuteTimeIntervals: g.MuteTimeIntervals, ActiveTimeIntervals: g.ActiveTimeIntervals}
	own := Route{GroupBy: g.GroupBy}
	for _, t := range []struct {
		from time.Duration
		to   **Duration
	}{{g.GroupWait, &own.GroupWait}, {g.GroupInterval, &own.GroupInterval}, {g.RepeatInterval, &own.RepeatInterval}} {
		if t.from > 0 {
			d := Duration(t.from)
			*t.to = &d
		}
	}
	b.grouping(r, own)
	return r, nil
}

// grouping sets how a route groups and when.
func (b *treeBuilder) grouping(r *config.Route, from Route) {
	for _, name := range from.GroupBy {
		if name == "..." {
			r.GroupByAll = true
			continue
		}
		r.GroupBy = append(r.GroupBy, model.LabelName(name))
	}
	if from.GroupBy != nil && r.GroupBy == nil && !r.GroupByAll {
		r.GroupBy = []model.LabelName{}
	}
	r.GroupByStr = from.GroupBy
	r.GroupWait = (*model.Duration)(from.GroupWait)
	r.GroupInterval = (*model.Duration)(from.GroupInterval)
	r.RepeatInterval = (*model.Duration)(from.RepeatInterval)
}

// alone makes each alert a group of its own that is told at once.
func (b *treeBuilder) alone(r *config.Route) {
	wait, interval := model.Duration(0), eachInterval
	r.GroupBy, r.GroupByAll, r.GroupByStr = nil, true, []string{"..."}
	r.GroupWait, r.GroupInterval = &wait, &interval
}

// policy makes a route of the policy with all below it. Receivers that are not among those given are nobody.
func (b *treeBuilder) policy(from Route, receivers map[string]string, alone bool) (*config.Route, error) {
	m, err := matchers(from.Matchers)
	if err != nil {
		return nil, err
	}
	r := &config.Route{Matchers: m, Continue: from.Continue, MuteTimeIntervals: from.MuteTimeIntervals, ActiveTimeIntervals: from.ActiveTimeIntervals}
	if from.Receiver != "" {
		if r.Receiver = receivers[from.Receiver]; r.Receiver == "" {
			r.Receiver = Nobody
		}
	}
	grouping := from
	if alone { // the route above says how: as alerts that are alone
		grouping = Route{RepeatInterval: from.RepeatInterval}
	}
	b.grouping(r, grouping)
	for _, child := range from.Routes {
		c, err := b.policy(child, receivers, alone)
		if err != nil {
			return nil, err
		}
		r.Routes = append(r.Routes, c)
	}
	return r, nil
}

// names says whether a route, or one below it, goes to one of the receivers.
func names(r Route, receivers map[string]string) bool {
	return receivers[r.Receiver] != "" || slices.ContainsFunc(r.Routes, func(c Route) bool { return names(c, receivers) })
}

func matchers(texts []string) (all amcommoncfg.Matchers, err error) {
	for _, text := range texts {
		m, err := compat.Matchers(text, "notification-policy")
		if err != nil {
			return nil, &alerts.FieldError{Field: "matchers", Value: text, Rule: err.Error()}
		}
		all = append(all, m...)
	}
	return all, nil
}

// groupNames returns the names in a value of alerts.LabelActionGroups.
func groupNames(value string) (names []string) {
	for _, name := range strings.Split(value, ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}
