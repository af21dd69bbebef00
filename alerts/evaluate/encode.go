package evaluate

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/endscope/endscope/alerts/condition"
	"github.com/endscope/endscope/scopes"
)

// seriesVersion is the first byte of what is stored of a series: a byte of flags, the names of the scope, the dimensions in order, and
// the state. Texts have their length before them.
const seriesVersion = 1

const flagPresent = 1 // it had data at every check since: its newest data is as new as the newest check of the rule

var errSeries = errors.New("no stored series")

func (s *series) encode(present bool) []byte {
	b := []byte{seriesVersion, 0}
	if present {
		b[1] = flagPresent
	}
	text := func(v string) { b = append(binary.AppendUvarint(b, uint64(len(v))), v...) }
	text(s.scope.Endpoint)
	text(s.scope.Deployment)
	text(s.scope.Instance)
	b = binary.AppendUvarint(b, uint64(len(s.dims)))
	for _, d := range s.dims {
		text(d.name)
		text(d.value)
	}
	return s.state.Encode(b)
}

// decodeSeries reads what encode wrote.
func decodeSeries(b []byte) (id identity, state condition.State, present bool, err error) {
	fail := func(why string) (identity, condition.State, bool, error) {
		return identity{}, condition.State{}, false, fmt.Errorf("%w: %s", errSeries, why)
	}
	if len(b) < 2 || b[0] != seriesVersion || b[1]&^flagPresent != 0 {
		return fail("it has another version")
	}
	present = b[1]&flagPresent != 0
	b = b[2:]
	bad := false
	number := func() uint64 {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			bad = true
			return 0
		}
		b = b[n:]
		return v
	}
	text := func() string {
		n := number()
		if bad || n > uint64(len(b)) {
			bad = true
			return ""
		}
		v := string(b[:n])
		b = b[n:]
		return v
	}
	id.scope = scopes.Path{Endpoint: text(), Deployment: text(), Instance: text()}
	id.dims = map[string]string{}
	for n := number(); n > 0 && !bad; n-- {
		name := text()
		id.dims[name] = text()
	}
	if bad {
		return fail("it is cut off")
	}
	if state, err = condition.Decode(b); err != nil {
		return identity{}, condition.State{}, false, fmt.Errorf("%w: %w", errSeries, err)
	}
	return id, state, present, nil
}
