package query

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/endscope/endscope/scopes"
)

// finding is what the search for the cause of a change came to.
type finding struct {
	verdict       Verdict
	path          []CauseStep
	contributions []Contribution
	place         place // that the path leads to; the whole scope where there is no single cause
	sole          bool  // the path has only steps to the one child that there was
	open          split // the children of the place, by which it could not be narrowed down further
	even          bool  // all of them changed alike
}

// place is where the search has come to.
type place struct {
	scope  scopes.Path
	cells  subset
	share  float64     // of the whole change
	used   []int       // columns of the dimensions that the way here has chosen by
	within []Narrowing // the values that it has chosen of them
}

// split is a way to tell the children of a place apart.
type split struct {
	name   string
	level  scopes.Level // where the children are scopes
	dim    *dimension   // otherwise
	groups []causeGroup // by share, the largest first
}

// causeGroup is one child.
type causeGroup struct {
	Contribution
	cells  subset
	totals [2]tally
}

// key tells children apart. A value of a dimension is the same child wherever it has the same cells.
func (g causeGroup) key() string {
	return fmt.Sprintf("%s\xff%s\xff%d\xff%d", g.Dimension, g.Value, g.cells[0], len(g.cells))
}

// stop is one step of the search; it was a choice if there was more than one child.
type stop struct {
	group  causeGroup
	choice bool
}

// search goes from the scope down, for as long as one child explains most of what its parent does.
func (d *causes) search() finding {
	f := finding{verdict: VerdictSeveral, path: []CauseStep{}, even: true}
	at := place{scope: d.scope, cells: d.all(), share: 1}
	root := at
	seen := map[string]bool{}
	var (
		stops     []stop
		looked    []causeGroup
		crossroad bool // there was more than one scope to choose from, and it took none
	)
	for {
		splits := d.splits(at)
		for _, s := range splits {
			for _, g := range s.groups {
				if !seen[g.key()] {
					seen[g.key()] = true
					looked = append(looked, g)
				}
			}
		}
		next, by := d.next(at, splits)
		if len(next) == 0 {
			for _, s := range splits {
				if len(s.groups) > 1 && f.open.groups == nil {
					f.open, f.even = s, d.even(at, s)
				}
				crossroad = crossroad || s.dim == nil && len(s.groups) > 1
			}
			break
		}
		stops = append(stops, next...)
		g := next[len(next)-1].group
		at = place{scope: at.scope, cells: g.cells, share: at.share, used: at.used, within: at.within}
		if g.Share != nil {
			at.share = *g.Share
		}
		if by.dim != nil {
			at.used = append(slices.Clone(at.used), by.dim.column)
			at.within = append(slices.Clone(at.within), Narrowing{g.Dimension, g.Value})
		} else {
			at.scope = g.Scope
		}
	}
	chosen := slices.ContainsFunc(stops, func(s stop) bool { return s.choice })
	if chosen || !crossroad {
		f.verdict, f.place, f.sole = VerdictSingle, at, !chosen
	} else {
		f.place, stops = root, nil
	}
	order := map[string]int{} // the path first
	for i, s := range stops {
		g := s.group
		f.path = append(f.path, CauseStep{Dimension: g.Dimension, Value: g.Value, Share: shareOf(g), Before: g.Before, After: g.After})
		order[g.key()] = i - len(stops)
	}
	slices.SortStableFunc(looked, func(a, b causeGroup) int {
		return cmp.Or(cmp.Compare(order[a.key()], order[b.key()]), cmp.Compare(explained(b), explained(a)))
	})
	for _, g := range looked {
		f.contributions = append(f.contributions, g.Contribution)
	}
	return f
}

func shareOf(g causeGroup) float64 {
	if g.Share == nil {
		return 0
	}
	return *g.Share
}

// explained is what contributions are ranked by: what disappears with a child, or what it brings about alone. Causes that mask
// each other are found by the latter.
func explained(g causeGroup) float64 {
	if g.Alone == nil {
		return shareOf(g)
	}
	return math.Max(shareOf(g), *g.Alone)
}

// splits returns the ways to tell the children of a place apart, in the order in which they are tried.
func (d *causes) splits(at place) []split {
	var out []split
	byScope := func(level scopes.Level, name string) {
		groups := map[scopes.Path]subset{}
		for _, i := range at.cells {
			if path := d.cells[i].path(d.scope, level); path.Level() == level {
				groups[path] = append(groups[path], i)
			}
		}
		s := split{name: name, level: level}
		for path, cells := range groups {
			s.groups = append(s.groups, d.group(at, Contribution{Dimension: name, Value: path.Name(), Scope: path}, cells))
		}
		out = append(out, s)
	}
	depth := at.scope.Level().Depth()
	if depth < scopes.LevelDeployment.Depth() {
		byScope(scopes.LevelDeployment, "deployment")
	}
	if depth < scopes.LevelInstance.Depth() {
		byScope(scopes.LevelInstance, "instanceId")
	}
	for i := range d.dimensions {
		dim := &d.dimensions[i]
		if slices.Contains(at.used, dim.column) {
			continue
		}
		groups := map[string]subset{}
		for _, i := range at.cells {
			v := dim.value(d.cells[i].labels[dim.column])
			groups[v] = append(groups[v], i)
		}
		s := split{name: dim.Name, dim: dim}
		for value, cells := range groups {
			s.groups = append(s.groups, d.group(at, Contribution{Dimension: dim.Name, Value: value, Scope: at.scope}, cells))
		}
		if len(groups) > 1 && !slices.ContainsFunc(out, func(o split) bool { return o.dim != nil && sameCells(o, s) }) {
			out = append(out, s)
		}
	}
	for i := range out {
		slices.SortFunc(out[i].groups, func(a, b causeGroup) int {
			return cmp.Or(cmp.Compare(explained(b), explained(a)), cmp.Compare(a.Scope.String(), b.Scope.String()), cmp.Compare(a.Value, b.Value))
		})
	}
	return out
}

// sameCells says whether two splits cut the same cells apart, as a device's index and its serial number do.
func sameCells(a, b split) bool {
	keys := map[int]int{}
	for _, g := range a.groups {
		keys[g.cells[0]] = len(g.cells)
	}
	for _, g := range b.groups {
		if n, ok := keys[g.cells[0]]; !ok || n != len(g.cells) {
			return false
		}
	}
	return len(a.groups) == len(b.groups)
}

// group fills in what is known of a child of a place.
func (d *causes) group(at place, c Contribution, cells subset) causeGroup {
	c.Within = at.within
	g := causeGroup{Contribution: c, cells: cells, totals: [2]tally{d.total(cells, inBaseline), d.total(cells, inWindow)}}
	g.Before, g.After = d.measure.value(g.totals[inBaseline]), d.measure.value(g.totals[inWindow])
	g.Share, g.Alone = d.shares(cells)
	for _, span := range []int{inBaseline, inWindow} { // what is wholly new is judged by what it is now
		if all := d.weight(at.cells, span); all > 0 {
			w := d.weight(cells, span) / all
			g.Weight = &w
			break
		}
	}
	return g
}

// weight is how much of the data of a span a subset has.
func (d *causes) weight(s subset, span int) float64 {
	sum := 0.0
	for _, i := range s {
		sum += d.measure.weight(d.cells[i].total[span])
	}
	return sum
}

// next returns the steps from a place to the child that is to blame, and the split that found it; none if no child is.
func (d *causes) next(at place, splits []split) ([]stop, split) {
	for i, s := range splits {
		if s.dim == nil && len(s.groups) == 1 {
			return []stop{{s.groups[0], false}}, s
		}
		g := d.single(at, s)
		if g == nil {
			continue
		}
		steps := []stop{{*g, true}}
		if i == 1 && s.level == scopes.LevelInstance {
			// The instance stands out where its deployment does not: the deployment is most of the endpoint.
			above, _ := g.Scope.Parent()
			deployments := splits[0].groups
			j := slices.IndexFunc(deployments, func(o causeGroup) bool { return o.Scope == above })
			steps = append([]stop{{deployments[j], true}}, steps...)
		}
		return steps, s
	}
	return nil, split{}
}

// everything but one child.
func (s split) rest(g *causeGroup) subset {
	cells := map[int]bool{}
	for _, o := range s.groups {
		for _, i := range o.cells {
			cells[i] = true
		}
	}
	for _, i := range g.cells {
		delete(cells, i)
	}
	return slices.Sorted(maps.Keys(cells))
}
