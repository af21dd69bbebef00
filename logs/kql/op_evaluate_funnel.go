package kql

import (
	"cmp"
	"slices"
	"strings"

	"github.com/endscope/endscope/logs/kql/syntax"
	"github.com/endscope/endscope/logs/kql/value"
)

// funnel is what the plugins share that follow ids through states: (id, time, start, end, ..., state, sequence, ...).
type funnel struct {
	*activity
	state    expr
	name     string // of the state's column
	sequence []string
}

// funnel binds the arguments: those of constants say at which places of the call the lengths of time stand, behind start and end.
func (p *plugin) funnel(constants []int, state, sequence int) (*funnel, error) {
	if err := p.count(8, 8); err != nil {
		return nil, err
	}
	if err := p.options(); err != nil {
		return nil, err
	}
	shared := *p
	shared.args = append([]syntax.Arg(nil), p.args[:4]...)
	for _, at := range constants {
		shared.args = append(shared.args, p.args[at])
	}
	a, err := shared.activity(2 + len(constants))
	if err != nil {
		return nil, err
	}
	f := &funnel{activity: a}
	if f.state, f.name, err = p.column(p.args[state].Expr); err != nil {
		return nil, err
	}
	v, err := p.constant(p.args[sequence].Expr, value.Dynamic)
	if err != nil {
		return nil, err
	}
	list, _ := v.(value.Array)
	for _, s := range list {
		f.sequence = append(f.sequence, value.Text(s))
	}
	if len(f.sequence) == 0 {
		return nil, p.errorf(p.args[sequence].At(), "The sequence is an array of states, and not empty.")
	}
	return f, nil
}

// stay is one row of an id: when, and in which state.
type stay struct {
	at    int64
	state string
}

// trail is the rows of one id in the order of time.
type trail struct {
	id    value.Value
	stays []stay
}

// table makes a plugin whose rows count computes from the trails.
func (f *funnel) table(cols []Column, count func(consts []int64, trails []*trail) ([]Row, error)) node {
	used := []expr{f.id, f.axis, f.state}
	return &table{in: f.p.in, used: used, cols: cols, make: func(r *run, rows []Row) ([]Row, error) {
		consts, err := f.constants(r)
		if err != nil {
			return nil, err
		}
		fs, err := r.compileAll(used)
		if err != nil {
			return nil, err
		}
		var trails []*trail
		byID := map[string]*trail{}
		for _, row := range rows {
			var cells [3]value.Value
			for i, f := range fs {
				if cells[i], err = f(row); err != nil {
					return nil, err
				}
			}
			at, ok := whole(cells[1])
			if !ok || cells[0] == nil || at < consts[0] || at > consts[1] {
				continue
			}
			key := string(value.AppendKey(nil, cells[0]))
			if byID[key] == nil {
				byID[key] = &trail{id: cells[0]}
				trails = append(trails, byID[key])
			}
			byID[key].stays = append(byID[key].stays, stay{at, value.Text(cells[2])})
		}
		for _, t := range trails {
			slices.SortStableFunc(t.stays, func(a, b stay) int { return cmp.Compare(a.at, b.at) })
		}
		if err := r.budget.take(48 * len(rows)); err != nil {
			return nil, err
		}
		return count(consts, trails)
	}}
}

// reached is the ids of one row of the result.
type reached struct {
	at    int64
	cells []string
	ids   value.Array
}

// reach collects distinct ids by time and states, in order.
type reach struct {
	order []*reached
	byKey map[string]*reached
	seen  map[string]bool
}

func newReach() *reach { return &reach{byKey: map[string]*reached{}, seen: map[string]bool{}} }

func (r *reach) add(at int64, id value.Value, cells ...string) {
	key := itoa(int(at)) + "\x00" + strings.Join(cells, "\x00")
	e := r.byKey[key]
	if e == nil {
		e = &reached{at: at, cells: cells}
		r.byKey[key] = e
		r.order = append(r.order, e)
	}
	if who := key + "\x00" + string(value.AppendKey(nil, id)); !r.seen[who] {
		r.seen[who] = true
		e.ids = append(e.ids, asElement(id))
	}
}

// maxSamples bounds the ids that funnel_sequence shows.
const maxSamples = 128

// funnelSequence is funnel_sequence(id, time, start, end, most time of a step, step, state, sequence): who went through a sequence of states,
// one directly after the other, with the states before and after it. It gives three tables: by both, by the one before, by the one after.
func (p *plugin) funnelSequence() (node, error) {
	f, err := p.funnel([]int{4, 5}, 6, 7)
	if err != nil {
		return nil, err
	}
	shared := &sharedTable{root: p.b.optimize(p.in)}
	out := &branches{at: p.op.At()}
	for _, sides := range [][2]bool{{true, true}, {true, false}, {false, true}} {
		one := *f
		plugin := *p
		plugin.in = &sharedNode{shared}
		inner := *f.activity
		inner.p = &plugin
		one.activity = &inner
		out.tables = append(out.tables, tableResult{root: one.neighbours(sides[0], sides[1])})
	}
	return out, nil
}

func (f *funnel) neighbours(before, after bool) node {
	cols := []Column{f.time}
	if before {
		cols = append(cols, Column{Name: "prev", Type: value.String})
	}
	if after {
		cols = append(cols, Column{Name: "next", Type: value.String})
	}
	cols = append(cols, Column{Name: "dcount", Type: value.Long}, Column{Name: "samples", Type: value.Dynamic})
	return f.table(cols, func(c []int64, trails []*trail) ([]Row, error) {
		start, window, step := c[0], c[2], c[3]
		if step <= 0 {
			return nil, f.p.errorf(f.p.op.At(), "A step of time must be more than 0.")
		}
		found := newReach()
		for _, t := range trails {
			for i := range t.stays {
				end := f.ends(t.stays, i, window)
				if end < 0 {
					continue
				}
				var cells []string
				if before {
					state := ""
					if i > 0 && t.stays[i].at-t.stays[i-1].at <= window {
						state = t.stays[i-1].state
					}
					cells = append(cells, state)
				}
				if after {
					state := ""
					if end < len(t.stays) && t.stays[end].at-t.stays[end-1].at <= window {
						state = t.stays[end].state
					}
					cells = append(cells, state)
				}
				found.add(start+(t.stays[i].at-start)/step*step, t.id, cells...)
			}
		}
		slices.SortStableFunc(found.order, func(a, b *reached) int { return cmp.Compare(a.at, b.at) })
		var out []Row
		for _, e := range found.order {
			row := Row{f.timeOf(e.at)}
			for _, cell := range e.cells {
				row = append(row, cell)
			}
			out = append(out, append(row, int64(len(e.ids)), e.ids[:min(len(e.ids), maxSamples)]))
		}
		return out, nil
	})
}

// ends returns the index behind the sequence that begins at i, -1 where none does.
func (f *funnel) ends(stays []stay, i int, window int64) int {
	for k, state := range f.sequence {
		at := i + k
		if at >= len(stays) || stays[at].state != state || k > 0 && stays[at].at-stays[at-1].at > window {
			return -1
		}
	}
	return i + len(f.sequence)
}

// funnelCompletion is funnel_sequence_completion(id, time, start, end, step, state, sequence, periods): for each step of time, state of the
// sequence and period, who came from the first state to it within the period, through those between and whatever else.
func (p *plugin) funnelCompletion() (node, error) {
	f, err := p.funnel([]int{4}, 5, 6)
	if err != nil {
		return nil, err
	}
	v, err := p.constant(p.args[7].Expr, value.Dynamic)
	if err != nil {
		return nil, err
	}
	list, _ := v.(value.Array)
	periods := slices.Clone(list)
	if len(periods) == 0 {
		return nil, p.errorf(p.args[7].At(), "The periods are an array of lengths of time, and not empty.")
	}
	length := f.time.Type
	if length == value.Datetime {
		length = value.Timespan
	}
	for i, period := range periods {
		if s, ok := period.(string); ok {
			periods[i] = value.Convert(s, length)
		}
		if _, ok := whole(periods[i]); !ok {
			return nil, p.errorf(p.args[7].At(), "'%s' is no %s.", value.Text(period), length)
		}
	}
	cols := []Column{f.time, {Name: f.name, Type: value.String}, {Name: "Period", Type: length}, {Name: "dcount", Type: value.Long}}
	return f.table(cols, func(c []int64, trails []*trail) ([]Row, error) {
		start, step := c[0], c[2]
		if step <= 0 {
			return nil, f.p.errorf(f.p.op.At(), "A step of time must be more than 0.")
		}
		var out []Row
		for _, period := range periods {
			most, _ := whole(period)
			found := newReach()
			for _, t := range trails {
				for i, s := range t.stays {
					if s.state != f.sequence[0] {
						continue
					}
					k := 0
					for _, next := range t.stays[i:] {
						if next.at-s.at > most || k == len(f.sequence) {
							break
						}
						if next.state == f.sequence[k] {
							found.add(start+(s.at-start)/step*step, t.id, f.sequence[k])
							k++
						}
					}
				}
			}
			for _, e := range found.order {
				out = append(out, Row{f.timeOf(e.at), e.cells[0], cell(period, length), int64(len(e.ids))})
			}
		}
		slices.SortStableFunc(out, func(a, b Row) int { return value.Compare(a[0], b[0]) })
		return out, nil
	}), nil
}
