package evaluate

import (
	"slices"
	"strings"

	"github.com/endscope/endscope/scopes"
)

// answered is one series of one criterion's answer.
type answered struct {
	identity
	cells
}

// join puts the answers of a rule's criteria together: series whose scopes are the same, or one below the other, and whose values of the
// dimensions that both have are the same, become one row, with the deeper scope and the dimensions of both. A series that finds no
// partner stays, without data for the other criterion, unless the other's dimensions are missing in it: then nobody knows which of the
// rule's series it is. More rows than the limit are a *LimitError.
func join(answers [][]answered, limit int) ([]row, error) {
	var rows []row
	for _, a := range answers[0] {
		rows = append(rows, row{a.identity, append(make([]cells, 0, len(answers)), a.cells)})
	}
	if err := withinSeries(len(rows), limit); err != nil {
		return nil, err
	}
	for k := 1; k < len(answers); k++ {
		joined, err := joinOne(rows, answers[k], k, limit)
		if err != nil {
			return nil, err
		}
		rows = joined
	}
	return rows, nil
}

func withinSeries(n, limit int) error {
	if n > limit {
		return &LimitError{Name: "series of a rule (alerts.evaluation.max_series)", Got: int64(n), Limit: int64(limit), Unit: "series"}
	}
	return nil
}

func joinOne(rows []row, more []answered, k, limit int) ([]row, error) {
	index := map[string][]int{} // by the outermost name, which all partners share
	for i := range more {
		index[more[i].scope.Endpoint] = append(index[more[i].scope.Endpoint], i)
	}
	left, right := names(rows, func(r row) map[string]string { return r.dims }), names(more, func(a answered) map[string]string { return a.dims })
	matched := make([]bool, len(more))
	var out []row
	add := func(r row) error {
		out = append(out, r)
		return withinSeries(len(out), limit)
	}
	for _, r := range rows {
		found := false
		for _, i := range index[r.scope.Endpoint] {
			if !partners(r.identity, more[i].identity) {
				continue
			}
			found, matched[i] = true, true
			if err := add(row{merged(r.identity, more[i].identity), append(slices.Clip(r.cells), more[i].cells)}); err != nil {
				return nil, err
			}
		}
		if !found && hasAll(r.dims, right) {
			if err := add(row{r.identity, append(slices.Clip(r.cells), cells{})}); err != nil {
				return nil, err
			}
		}
	}
	for i, a := range more {
		if matched[i] || !hasAll(a.dims, left) {
			continue
		}
		if err := add(row{a.identity, append(make([]cells, k, k+1), a.cells)}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func names[T any](list []T, dims func(T) map[string]string) map[string]bool {
	all := map[string]bool{}
	for _, one := range list {
		for name := range dims(one) {
			all[strings.ToLower(name)] = true
		}
	}
	return all
}

func hasAll(dims map[string]string, want map[string]bool) bool {
	have := 0
	for name := range dims {
		if want[strings.ToLower(name)] {
			have++
		}
	}
	return have == len(want)
}

func partners(a, b identity) bool {
	if a.scope != b.scope && !a.scope.Contains(b.scope) && !b.scope.Contains(a.scope) {
		return false
	}
	for name, v := range b.dims {
		if w, ok := valueOf(a.dims, name); ok && v != w {
			return false
		}
	}
	return true
}

func valueOf(dims map[string]string, name string) (string, bool) {
	if v, ok := dims[name]; ok {
		return v, true
	}
	for k, v := range dims {
		if strings.EqualFold(k, name) {
			return v, true
		}
	}
	return "", false
}

func merged(a, b identity) identity {
	scope := a.scope
	if a.scope == (scopes.Path{}) || a.scope.Contains(b.scope) {
		scope = b.scope
	}
	extra := 0
	for name := range b.dims {
		if _, ok := valueOf(a.dims, name); !ok {
			extra++
		}
	}
	if extra == 0 {
		return identity{scope, a.dims}
	}
	dims := make(map[string]string, len(a.dims)+extra)
	for name, v := range a.dims {
		dims[name] = v
	}
	for name, v := range b.dims {
		if _, ok := valueOf(a.dims, name); !ok {
			dims[name] = v
		}
	}
	return identity{scope, dims}
}
