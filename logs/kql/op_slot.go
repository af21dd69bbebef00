package kql

import (
	"errors"

	"github.com/endscope/endscope/logs/kql/value"
)

// slot is the source of a subquery that runs once for each part of its operator's input. The operator puts a part's rows into it before each
// run; while the query is bound there are none.
type slot struct {
	cols   []Column
	need   []bool // columns that the subquery looks at, after require
	rows   []Row
	filled bool
}

func newSlot(cols []Column) *slot { return &slot{cols: cols, need: make([]bool, len(cols))} }

func (n *slot) columns() []Column { return n.cols }

func (n *slot) require(need []bool) {
	for i := range n.need {
		n.need[i] = n.need[i] || need == nil || need[i]
	}
}

// errUnfilled is what reading a slot gives while the query is bound. Operators whose columns depend on data report it in their words.
var errUnfilled = errors.New("the rows of a subquery are not known before the query runs")

func (n *slot) open(r *run) (Rows, error) {
	r.partReads++
	if !n.filled {
		return nil, errUnfilled
	}
	return &slice{n.rows}, nil
}

// keySlot holds the value by which a part was made, for variables.
type keySlot struct{ v value.Value }

// parts is what a run knows of subqueries that run once for each part.
type parts struct {
	partReads int          // how often a part was looked at, to tell what depends on it
	ofPart    map[any]bool // cached results that hold for the present part only
	held      int64        // bytes of cached results that outlive parts
}

// keep notes that the result under key was cached, and whether it holds for the present part only. The marks are from before it was computed.
func (r *run) keep(key any, reads int, used int64) {
	if r.partReads != reads {
		if r.ofPart == nil {
			r.ofPart = map[any]bool{}
		}
		r.ofPart[key] = true
		return
	}
	r.held += r.budget.used.Load() - used
}

// reuse notes that the result under key is used again: what uses it depends on the part if it does.
func (r *run) reuse(key any) {
	if r.ofPart[key] {
		r.partReads++
	}
}

// forget drops the cached results that hold for one part only.
func (r *run) forget() {
	for key := range r.ofPart {
		switch key := key.(type) {
		case *sharedTable:
			delete(r.shared, key)
		case *subquery:
			delete(r.firsts, key)
		}
	}
	clear(r.ofPart)
}

// part runs a subquery over the rows of one part. The memory that it took is free again afterwards, except for cached results that later
// parts share.
func (r *run) part(sub node, in *slot, rows []Row) ([]Row, error) {
	r.forget()
	in.rows, in.filled = rows, true
	used, held := r.budget.used.Load(), r.held
	out, err := r.collect(sub)
	in.rows, in.filled = nil, false
	if err != nil {
		return nil, err
	}
	r.budget.give(int(r.budget.used.Load() - used - (r.held - held)))
	return out, nil
}
