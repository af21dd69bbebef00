package query

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/endscope/endscope/scopes"
)

// noData is the sentence for a metric without anything to compare.
func (e *explainer) noData() string {
	return fmt.Sprintf("%s of %s cannot be compared: there are no data in the baseline, in the window, or in both.", e.out.Metric, e.out.Scope)
}

func (e *explainer) noChange() string {
	return fmt.Sprintf("%s of %s did not change beyond its noise: it was %s and is %s%s.", e.out.Metric, e.out.Scope, e.show(*e.out.Before), e.show(*e.out.After), e.timeCompared())
}

// notComparable is the sentence where the data of a span say too little of it.
func (e *explainer) notComparable() string {
	return fmt.Sprintf("%s of %s was %s and is %s, but the spans cannot be compared: %s.", e.out.Metric, e.out.Scope, e.show(*e.out.Before), e.show(*e.out.After),
		strings.Join(e.coverage.shortfalls(), ", and "))
}

// timeCompared says so where not all of the spans is compared.
func (e *explainer) timeCompared() string {
	if !e.coverage.partial() {
		return ""
	}
	return "; only the time with data is compared"
}

// changed is the sentence for a change, with where it comes from.
func (e *explainer) changed(f finding) string {
	head := fmt.Sprintf("%s of %s %s", e.out.Metric, e.out.Scope, e.movement(*e.out.Before, *e.out.After))
	return head + "; " + e.where(f) + e.timeCompared() + "."
}

func (e *explainer) movement(before, after float64) string {
	verb := "rose"
	if after < before {
		verb = "fell"
	}
	text := fmt.Sprintf("%s from %s to %s", verb, e.show(before), e.show(after))
	if before != 0 && math.Abs(after/before-1) < 100 {
		text += fmt.Sprintf(" (%+.0f %%)", 100*(after-before)/math.Abs(before))
	}
	return text
}

func (e *explainer) where(f finding) string {
	if f.verdict == VerdictSeveral {
		kind := plural(f.open.name)
		switch {
		case len(f.open.groups) == 0:
			return "what it consists of cannot be told apart"
		case f.even:
			return fmt.Sprintf("it is spread evenly over its %d %s", len(f.open.groups), kind) + e.gone(f)
		}
		var parts []string
		for i, g := range f.open.groups {
			if i < 3 && explained(g) >= 0.1 {
				parts = append(parts, fmt.Sprintf("%s %s", g.name(), percent(explained(g))))
			}
		}
		text := fmt.Sprintf("none of its %d %s explains most of it", len(f.open.groups), kind)
		if len(parts) > 0 {
			text += ": " + strings.Join(parts, ", ")
		}
		return text + e.gone(f)
	}
	if len(f.path) == 0 {
		return "it is one instance, and the change is in all that it does"
	}
	last := f.path[len(f.path)-1]
	name := f.place.scope.String()
	for _, step := range f.path {
		if step.Dimension != "deployment" && step.Dimension != "instanceId" {
			name += fmt.Sprintf(" with %s %s", step.Dimension, quotedEmpty(step.Value))
		}
	}
	if f.sole {
		return fmt.Sprintf("all of it is %s, which is the only one", name)
	}
	text := fmt.Sprintf("%s explains %s of it", name, percent(last.Share))
	switch {
	case last.Before == nil:
		text += ", and was not there before"
	case last.After == nil:
		text += ", and is gone"
	}
	if f.open.level != "" && len(f.open.groups) > 1 {
		if f.even {
			text += fmt.Sprintf(", evenly over its %d %s", len(f.open.groups), plural(f.open.name))
		} else {
			text += fmt.Sprintf(", through more than one of its %d %s", len(f.open.groups), plural(f.open.name))
		}
	}
	return text
}

// gone names a child that has no data in the window any more.
func (e *explainer) gone(f finding) string {
	for _, g := range f.open.groups {
		if g.totals[inBaseline].seen && !g.totals[inWindow].seen {
			return fmt.Sprintf("; %s is gone", g.name())
		}
	}
	return ""
}

// name is the child as sentences name it.
func (g causeGroup) name() string {
	if g.Dimension == "deployment" || g.Dimension == "instanceId" {
		return g.Scope.String()
	}
	return fmt.Sprintf("%s %s", g.Dimension, quotedEmpty(g.Value))
}

func quotedEmpty(s string) string {
	if s == "" {
		return `""`
	}
	return s
}

func plural(dimension string) string {
	switch dimension {
	case "deployment":
		return "deployments"
	case "instanceId":
		return "instances"
	}
	return "values of " + dimension
}

func percent(share float64) string { return fmt.Sprintf("%.0f %%", 100*share) }

// show writes a value with its unit, to three digits.
func (e *explainer) show(v float64) string {
	number := func(v float64) string {
		if math.Abs(v) >= 1000 {
			return strconv.FormatFloat(math.Round(v), 'f', -1, 64)
		}
		rounded, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 3, 64), 64)
		return strconv.FormatFloat(rounded, 'f', -1, 64)
	}
	switch e.out.Unit {
	case scopes.UnitMilliseconds:
		return number(v) + " ms"
	case scopes.UnitPercent:
		return number(v) + " %"
	case scopes.UnitRatio:
		if !e.isShare() {
			return number(v)
		}
		return number(100*v) + " %"
	case scopes.UnitSeconds:
		return number(v) + " s"
	case scopes.UnitJoules:
		return number(v) + " J"
	case scopes.UnitHertz:
		return number(v) + " Hz"
	case scopes.UnitHours:
		return number(v) + " h"
	case scopes.UnitCelsius:
		return number(v) + " °C"
	case scopes.UnitWatts:
		return number(v) + " W"
	case scopes.UnitBytes:
		return number(v) + " bytes"
	case scopes.UnitBytesPerSecond:
		return number(v) + " bytes/s"
	case scopes.UnitCountPerSecond:
		return number(v) + " per second"
	}
	return number(v)
}

// isShare says whether a ratio is a part of something, which is read best in per cent: not how uneven instances are, nor one count
// over another where that is more than all.
func (e *explainer) isShare() bool {
	switch src := &e.plan.def.Source; src.Kind {
	case scopes.KindSkew:
		return false
	case scopes.KindRatio:
		for _, v := range []*float64{e.out.Before, e.out.After} {
			if v != nil && *v > 1 && !src.PartOf() {
				return false
			}
		}
	}
	return true
}
