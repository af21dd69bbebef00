package ingest

import (
	"bytes"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/endscope/endscope/internal/logrows"
	"github.com/endscope/endscope/scopes"
)

const (
	firstLogRows    = 256
	maxPooledRows   = 32 << 10 // larger batches are left to the garbage collector
	maxPooledArena  = 32 << 20
	reservedPerStep = 256 << 10
)

// logBatch fills a columnar batch, one row after the other: begin, any of the set functions, then end, which checks the row and keeps or
// refuses it. It belongs to one goroutine and is used again for other requests.
type logBatch struct {
	in     *Ingester
	t      *logTable
	grants scopes.Grants
	now    int64 // time of receipt
	latest int64 // rows after this are refused

	out      logrows.Batch // columns have room for capacity rows
	nulls    [][]bool      // of columns that can be null
	anyNull  []bool
	capacity int
	setIn    []uint64 // the row, counted by turn, in which a column was set last
	turn     uint64
	cause    fault // why the row in progress is refused; no reason: it is not
	arena    arena
	dates    dateCache

	members  []member // of Properties, of the row in progress
	memberAt []byte   // their texts
	propText []byte

	identity identityCache
	reserved int64 // bytes of ingest.max_in_flight
	result   LogsResult
}

// member is one member of Properties: "name":value.
type member struct {
	from, value, to int // in memberAt
}

func newLogBatch(in *Ingester, t *logTable) *logBatch {
	n := len(t.columns)
	return &logBatch{in: in, t: t, out: logrows.Batch{Table: t.Table, Columns: make([]logrows.Vector, n)}, nulls: make([][]bool, n), anyNull: make([]bool, n), setIn: make([]uint64, n)}
}

// newBatch returns an empty batch. Commit or discard it.
func (in *Ingester) newLogRows(t *logTable, grants scopes.Grants) *logBatch {
	b := t.batches.Get().(*logBatch)
	now := in.now()
	b.grants = grants
	b.now, _ = ticksOf(now)
	b.latest = logrows.MaxDatetime
	if in.cfg.MaxAhead > 0 {
		b.latest, _ = ticksOf(now.Add(in.cfg.MaxAhead))
	}
	return b
}

// free gives the batch back; nothing of it is used afterwards. Without reuse its memory is left to whoever still has it.
func (b *logBatch) free(reuse bool) {
	b.in.inFlight.Add(-b.reserved)
	b.reserved = 0
	if !reuse || b.capacity > maxPooledRows || b.arena.bytes > maxPooledArena {
		return
	}
	clear(b.anyNull)
	b.arena.reset()
	b.out.Rows, b.identity, b.result, b.grants = 0, identityCache{}, LogsResult{}, scopes.Grants{}
	b.t.batches.Put(b)
}

// begin starts a row. It returns an error if there are too many, or no memory for more.
func (b *logBatch) begin() error {
	b.turn++
	b.cause = fault{}
	b.members, b.memberAt = b.members[:0], b.memberAt[:0]
	if limit := b.in.cfg.Logs.MaxRows; b.out.Rows == limit {
		return &Error{TooLarge, fmt.Sprintf("the request has more rows than %d, the limit of ingest.logs.max_rows", limit)}
	}
	if held := int64(b.out.Rows)*b.t.rowBytes + int64(b.arena.bytes); held > b.reserved {
		if err := b.reserve(held - b.reserved + reservedPerStep); err != nil {
			return err
		}
	}
	if b.out.Rows == b.capacity {
		b.grow()
	}
	return nil
}

// reserve counts what the batch holds of ingest.max_in_flight.
func (b *logBatch) reserve(bytes int64) error {
	if err := b.in.reserve(bytes); err != nil {
		return err
	}
	b.reserved += bytes
	return nil
}

func (b *logBatch) grow() {
	to := max(firstLogRows, 2*b.capacity)
	for i := range b.out.Columns {
		v := &b.out.Columns[i]
		switch b.t.columns[i].Type {
		case logrows.Bool:
			v.Bools = append(make([]bool, 0, to), v.Bools...)[:to]
		case logrows.Int, logrows.Long, logrows.Datetime, logrows.Timespan:
			v.Longs = append(make([]int64, 0, to), v.Longs...)[:to]
		case logrows.Real:
			v.Reals = append(make([]float64, 0, to), v.Reals...)[:to]
		default:
			v.Strings = append(make([]string, 0, to), v.Strings...)[:to]
		}
		if b.t.columns[i].Type != logrows.String {
			b.nulls[i] = append(make([]bool, 0, to), b.nulls[i]...)[:to]
		}
	}
	b.capacity = to
}

// fault notes why the row is refused; the first one counts. What is shown of value is copied.
func (b *logBatch) fault(reason Reason, column string, value []byte, rule string) {
	if b.cause.reason != "" {
		return
	}
	if value != nil {
		value = append([]byte{}, value[:min(len(value), maxClip)]...)
	}
	b.cause = fault{reason, column, value, rule}
}

// unset makes a column missing again, as a null does that comes after a value.
func (b *logBatch) unset(c int) { b.setIn[c] = 0 }

func (b *logBatch) isSet(c int) bool { return c >= 0 && b.setIn[c] == b.turn }

func (b *logBatch) setLong(c int, v int64) {
	b.out.Columns[c].Longs[b.out.Rows] = v
	b.setIn[c] = b.turn
}

func (b *logBatch) setReal(c int, v float64) {
	b.out.Columns[c].Reals[b.out.Rows] = v
	b.setIn[c] = b.turn
}

func (b *logBatch) setBool(c int, v bool) {
	b.out.Columns[c].Bools[b.out.Rows] = v
	b.setIn[c] = b.turn
}

// setText sets a column that is stored as text, which is valid UTF-8 and not yet checked for its length.
func (b *logBatch) setText(c int, v []byte) {
	if len(v) > int(b.in.cfg.Logs.MaxField) {
		b.tooLong(b.t.columns[c].Name, v)
		return
	}
	if cut := b.t.columns[c].cut; cut > 0 && len(v) > cut {
		v = cutRunes(v, cut)
	}
	s := b.out.Columns[c].Strings
	r := b.out.Rows
	b.setIn[c] = b.turn
	if r > 0 && s[r-1] == string(v) { // many columns seldom change
		s[r] = s[r-1]
		return
	}
	s[r] = b.arena.text(v)
}

// setString sets a column to a text that another row or the arena holds already.
func (b *logBatch) setString(c int, v string) {
	b.out.Columns[c].Strings[b.out.Rows] = v
	b.setIn[c] = b.turn
}

// textOf returns the row's value of a column of strings, "" where there is none.
func (b *logBatch) textOf(c int) string {
	if !b.isSet(c) {
		return ""
	}
	return b.out.Columns[c].Strings[b.out.Rows]
}

func (b *logBatch) tooLong(column string, v []byte) {
	b.fault(ReasonFieldLimit, column, nil, fmt.Sprintf("the value has %d bytes, the limit of ingest.logs.max_field is %s", len(v), b.in.cfg.Logs.MaxField))
}

// cutRunes returns the first n characters.
func cutRunes(v []byte, n int) []byte {
	for i := 0; i < len(v); n-- {
		if n == 0 {
			return v[:i]
		}
		_, size := utf8.DecodeRune(v[i:])
		i += size
	}
	return v
}

// property begins a member of Properties. The caller appends the value to what it returns, as JSON, and gives it to endProperty.
func (b *logBatch) property(name []byte) []byte {
	if len(name) > int(b.in.cfg.Logs.MaxFieldName) {
		b.fault(ReasonFieldLimit, "", name, fmt.Sprintf("is a name of %d bytes, the limit of ingest.logs.max_field_name is %s", len(name), b.in.cfg.Logs.MaxFieldName))
	}
	from := len(b.memberAt)
	b.memberAt = append(appendJSONText(b.memberAt, name), ':')
	b.members = append(b.members, member{from: from, value: len(b.memberAt)})
	return b.memberAt
}

// endProperty ends a member; depth is that of its value. Of members with one name the last counts.
func (b *logBatch) endProperty(text []byte, depth int) {
	b.memberAt = text
	m := &b.members[len(b.members)-1]
	m.to = len(text)
	cfg := &b.in.cfg.Logs
	name := text[m.from : m.value-1]
	if m.to-m.value > int(cfg.MaxField) {
		b.tooLong(string(name), text[m.value:])
	}
	if depth > cfg.MaxDepth {
		b.tooDeep(string(name), depth)
	}
	for i := range b.members[:len(b.members)-1] {
		if o := b.members[i]; bytes.Equal(text[o.from:o.value-1], name) {
			b.members = slices.Delete(b.members, i, i+1)
			break
		}
	}
	if len(b.members) > cfg.MaxProperties {
		b.fault(ReasonFieldLimit, columnProperties, nil, fmt.Sprintf("more than %d members, the limit of ingest.logs.max_properties", cfg.MaxProperties))
	}
	if b.cause.reason != "" { // what comes next is thrown away too
		b.members, b.memberAt = b.members[:0], b.memberAt[:0]
	}
}

// dropProperty forgets a member that was begun. text is what came before its value.
func (b *logBatch) dropProperty(text []byte) {
	b.members = b.members[:len(b.members)-1]
	b.memberAt = text
}

func (b *logBatch) tooDeep(column string, depth int) {
	b.fault(ReasonFieldLimit, column, nil, fmt.Sprintf("objects and arrays lie %d deep in each other, the limit of ingest.logs.max_depth is %d", depth, b.in.cfg.Logs.MaxDepth))
}

// textProperty adds a member of Properties that is a string.
func (b *logBatch) textProperty(name, value []byte) {
	b.endProperty(appendJSONText(b.property(name), value), 0)
}

// end finishes the row at a place in its request: it is part of the batch, or refused.
func (b *logBatch) end(at place) {
	b.finish()
	if b.cause.reason != "" {
		b.result.refuse(at, &b.cause, 1)
		return
	}
	r := b.out.Rows
	for c := range b.setIn {
		set := b.setIn[c] == b.turn
		if nulls := b.nulls[c]; nulls != nil {
			nulls[r] = !set
			b.anyNull[c] = b.anyNull[c] || !set
		}
		if !set {
			b.blank(c, r)
		}
	}
	b.out.Rows++
}

// blank clears what an earlier row left where this one has no value.
func (b *logBatch) blank(c, r int) {
	switch v := &b.out.Columns[c]; {
	case v.Longs != nil:
		v.Longs[r] = 0
	case v.Strings != nil:
		v.Strings[r] = ""
	case v.Reals != nil:
		v.Reals[r] = 0
	default:
		v.Bools[r] = false
	}
}

// finish completes and checks the row as a whole.
func (b *logBatch) finish() {
	if b.cause.reason != "" {
		return
	}
	t := b.t.roles.time
	if !b.isSet(t) {
		b.setLong(t, b.now)
	} else if at := b.out.Columns[t].Longs[b.out.Rows]; at > b.latest {
		b.fault(ReasonFuture, columnTime, nil, fmt.Sprintf("%s is more than ingest.max_ahead %s after this server's clock; is the sender's clock right?",
			timeOf(at).Format("2006-01-02T15:04:05.9999999Z"), b.in.cfg.MaxAhead))
		return
	}
	b.identify()
	if len(b.members) > 0 && b.cause.reason == "" {
		b.setString(b.t.roles.properties, b.properties())
	}
}

// properties puts the members of Properties together.
func (b *logBatch) properties() string {
	b.propText = append(b.propText[:0], '{')
	for i := range b.members {
		m := &b.members[i]
		b.propText = append(append(b.propText, b.memberAt[m.from:m.to]...), ',')
	}
	b.propText[len(b.propText)-1] = '}'
	return b.arena.text(b.propText)
}

// rows returns the finished batch as the store takes it. Its columns stay b's.
func (b *logBatch) rows() *logrows.Batch {
	n := b.out.Rows
	out := &logrows.Batch{Table: b.out.Table, Rows: n, Columns: make([]logrows.Vector, len(b.out.Columns))}
	for i := range b.out.Columns {
		from, to := &b.out.Columns[i], &out.Columns[i]
		switch {
		case from.Longs != nil:
			to.Longs = from.Longs[:n:n]
		case from.Strings != nil:
			to.Strings = from.Strings[:n:n]
		case from.Reals != nil:
			to.Reals = from.Reals[:n:n]
		case from.Bools != nil:
			to.Bools = from.Bools[:n:n]
		}
		if b.anyNull[i] {
			to.Nulls = b.nulls[i][:n:n]
		}
	}
	return out
}
