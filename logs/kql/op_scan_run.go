package kql

import (
	"io"

	"github.com/endscope/endscope/logs/kql/value"
)

// How scan works. Each step has a state: empty, or the sequence that has come as far as the step, which is the record that each step up to it
// matched last. A record is tried with the last step first.
//
//  1. If the step before has a sequence and the record satisfies the step's condition over that sequence, the sequence moves to the step, in
//     the place of the one that was there, and the record is the step's.
//  2. Otherwise, if the step has a sequence, or is the first, and the record satisfies the condition over the step's own sequence, the record
//     is the step's. With the first step it begins a sequence when there was none.
//
// Then the record is tried with the step before, so that one record may match several steps, and is given for each.

// scanner runs the steps over the rows of one partition after the other.
type scanner struct {
	n       *scan
	steps   []compiledStep
	initial Row // the record part of an empty state
	record  Row // the record, followed by a state: what expressions see
	states  map[string]*scanStates
	order   []*scanStates
	out     []Row
}

type compiledStep struct {
	cond   evalFunc
	assign []evalFunc
}

// scanStates is the state of each step, for one partition.
type scanStates struct {
	states  []scanState
	matches int64
}

// scanState is a sequence at a step.
type scanState struct {
	row   Row // the record that each step matched last; nil: no sequence
	match int64
	last  Row // of a step that gives its last record: what it gives when the sequence leaves
}

func (n *scan) open(r *run) (Rows, error) {
	s := &scanner{n: n, states: map[string]*scanStates{}, record: make(Row, n.width*(len(n.steps)+1))}
	for _, step := range n.steps {
		c := compiledStep{}
		var err error
		if c.cond, err = r.compile(step.cond); err != nil {
			return nil, err
		}
		for _, a := range step.assign {
			f, err := r.compile(a.x)
			if err != nil {
				return nil, err
			}
			c.assign = append(c.assign, f)
		}
		s.steps = append(s.steps, c)
	}
	initial, err := r.compileAll(n.initial)
	if err != nil {
		return nil, err
	}
	for i := range n.width {
		v := value.Zero(n.cols[i].Type)
		if at := i - (n.width - len(n.initial)); at >= 0 {
			if v, err = initial[at](nil); err != nil {
				return nil, err
			}
		}
		s.initial = append(s.initial, v)
	}
	parts, err := r.compileAll(n.parts)
	if err != nil {
		return nil, err
	}
	in, err := r.open(n.in)
	if err != nil {
		return nil, err
	}
	var key []byte
	return &mapped{in: in, each: func(batch []Row) ([]Row, error) {
		s.out = nil
		for _, row := range batch {
			key = key[:0]
			for _, f := range parts {
				v, err := f(row)
				if err != nil {
					return nil, err
				}
				key = value.AppendKey(key, v)
			}
			states := s.states[string(key)]
			if states == nil {
				if err := r.budget.take(len(key) + 64 + len(s.steps)*16*len(s.record)); err != nil {
					return nil, err
				}
				states = &scanStates{states: make([]scanState, len(s.steps))}
				s.states[string(key)] = states
				s.order = append(s.order, states)
			}
			if err := s.add(states, row); err != nil {
				return nil, err
			}
		}
		return s.out, nil
	}, last: func() ([]Row, error) {
		s.out = nil
		for _, states := range s.order {
			for k := range states.states {
				s.leave(&states.states[k])
			}
		}
		if len(s.out) == 0 {
			return nil, io.EOF
		}
		return s.out, nil
	}}, nil
}

// add tries a record with every step, the last first.
func (s *scanner) add(p *scanStates, row Row) error {
	for k := len(s.steps) - 1; k >= 0; k-- {
		state := &p.states[k]
		if before := s.before(p, k); before != nil {
			matched, err := s.matches(k, row, before.row)
			if err != nil {
				return err
			}
			if matched != nil {
				s.leave(state)
				s.leave(before)
				*state, *before = scanState{row: before.row, match: before.match}, scanState{}
				s.match(k, state, matched)
				continue
			}
		}
		if state.row == nil && k > 0 {
			continue
		}
		matched, err := s.matches(k, row, state.row)
		if err != nil {
			return err
		}
		if matched == nil {
			continue
		}
		if state.row == nil {
			*state = scanState{match: p.matches}
			p.matches++
		}
		s.match(k, state, matched)
	}
	return nil
}

// before returns the state of the step from which a sequence can move to step k: the one before that is not empty, past optional steps only.
func (s *scanner) before(p *scanStates, k int) *scanState {
	for i := k - 1; i >= 0; i-- {
		if p.states[i].row != nil {
			return &p.states[i]
		}
		if !s.n.steps[i].optional {
			break
		}
	}
	return nil
}

// matches returns the record with the step's assignments, if it satisfies the step's condition over a state.
func (s *scanner) matches(k int, row, state Row) (Row, error) {
	w := s.n.width
	copy(s.record, s.initial)
	copy(s.record, row)
	if state != nil {
		copy(s.record[w:], state)
	} else {
		for i := 1; i <= len(s.steps); i++ {
			copy(s.record[i*w:], s.initial)
		}
	}
	v, err := s.steps[k].cond(s.record)
	if err != nil || v != true {
		return nil, err
	}
	made := make(Row, w, w+1)
	copy(made, s.record)
	for i, f := range s.steps[k].assign {
		v, err := f(s.record)
		if err != nil {
			return nil, err
		}
		made[s.n.steps[k].assign[i].to] = v
	}
	return made, nil
}

// match makes a record the last of a step, and gives it.
func (s *scanner) match(k int, state *scanState, made Row) {
	w := s.n.width
	next := make(Row, w*len(s.steps))
	if state.row != nil {
		copy(next, state.row)
	} else {
		for i := range s.steps {
			copy(next[i*w:], s.initial)
		}
	}
	copy(next[k*w:], made)
	state.row = next
	out := made
	if s.n.matchID {
		out = append(made, state.match)
	}
	switch s.n.steps[k].output {
	case "all":
		s.out = append(s.out, out)
	case "last":
		state.last = out
	}
}

// leave gives the last record of a step whose sequence moves on or ends.
func (s *scanner) leave(state *scanState) {
	if state.last != nil {
		s.out = append(s.out, state.last)
		state.last = nil
	}
}
