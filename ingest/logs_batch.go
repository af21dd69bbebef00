package ingest

import (
	"bytes"
	"fmt"
	"slices"
	"unicode/utf8"
	"unsafe"

	"github.com/endscope/endscope/internal/logrows"
	"github.com/endscope/endscope/scopes"
)

const (
	maxFirstRows    = 8192 // room that is made for rows at once
	reservedPerStep = 256 << 10
)

// logBatch fills a columnar batch, one row after the other: begin, any of the set functions, then end, which checks the row and keeps or
// refuses it. It belongs to one goroutine. What the store is given is made anew for every batch; the rest is used again.
type logBatch struct {
	in     *Ingester
	t      *logTable
	grants scopes.Grants
	source string // what brings the rows, for SourceSystem
	key    string // of the push; "" for none
	now    int64  // time of receipt
	latest int64  // rows after this are refused

	out      logrows.Batch // columns that are in use have room for capacity rows
	used     []int         // columns that some row has set
	places   []int32       // of rows in their request, where they have places
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
	held     int64 // bytes of columns
	reserved int64 // bytes of ingest.max_in_flight
	broke    error // why no more can be held
	indexed  bool  // places are indexes of an array
	result   LogsResult
}

// member is one member of Properties: "name":value.
type member struct {
	from, value, to int // in memberAt
}

// newLogRows returns an empty batch of about a number of rows. Commit or free it.
func (in *Ingester) newLogRows(t *logTable, grants scopes.Grants, source string, rows int) *logBatch {
	b := t.batches.Get().(*logBatch)
	now := in.now()
	b.grants, b.source = grants, source
	b.now, _ = ticksOf(now)
	b.latest = logrows.MaxDatetime
	if in.cfg.MaxAhead > 0 {
		b.latest, _ = ticksOf(now.Add(in.cfg.MaxAhead))
	}
	b.out = logrows.Batch{Table: t.Table, Columns: make([]logrows.Vector, len(t.columns))}
	b.capacity = max(1, min(rows, in.cfg.Logs.MaxRows, maxFirstRows))
	return b
}

// free gives back what the store was not given.
func (b *logBatch) free() {
	b.in.inFlight.Add(-b.reserved)
	*b = logBatch{in: b.in, t: b.t, used: b.used[:0], places: b.places[:0], setIn: b.setIn, turn: b.turn, dates: b.dates,
		members: b.members[:0], memberAt: b.memberAt[:0], propText: b.propText[:0]}
	if cap(b.memberAt)+cap(b.propText) <= maxPooledText {
		b.t.batches.Put(b)
	}
}

// maxPooledText is how large buffers may have become that are used again.
const maxPooledText = 1 << 20

// begin starts a row. It returns an error if there are too many, or no memory for more.
func (b *logBatch) begin() error {
	b.turn++
	b.cause = fault{}
	b.members, b.memberAt = b.members[:0], b.memberAt[:0]
	if limit := b.in.cfg.Logs.MaxRows; b.out.Rows == limit {
		return &Error{TooLarge, fmt.Sprintf("the request has more rows than %d, the limit of ingest.logs.max_rows", limit)}
	}
	if b.out.Rows == b.capacity {
		b.grow()
	}
	if held := b.held + int64(b.arena.bytes); held > b.reserved && b.broke == nil {
		if b.broke = b.in.reserve(held - b.reserved + reservedPerStep); b.broke == nil {
			b.reserved = held + reservedPerStep
		}
	}
	return b.broke
}

// use makes room in a column that no row has set yet.
func (b *logBatch) use(c int) {
	v, n := &b.out.Columns[c], b.capacity
	switch b.t.columns[c].Type {
	case logrows.Bool:
		v.Bools = make([]bool, n)
	case logrows.Int, logrows.Long, logrows.Datetime, logrows.Timespan:
		v.Longs = make([]int64, n)
	case logrows.Real:
		v.Reals = make([]float64, n)
	default:
		v.Strings = make([]string, n)
	}
	b.used = append(b.used, c)
	b.held += int64(n) * int64(b.t.columns[c].rowBytes)
	if b.out.Rows > 0 && b.t.columns[c].Type != logrows.String {
		b.useNulls(c)
		for r := range b.out.Rows {
			v.Nulls[r] = true
		}
	}
}

func (b *logBatch) useNulls(c int) {
	b.out.Columns[c].Nulls = make([]bool, b.capacity)
	b.held += int64(b.capacity)
}

// grow doubles the room of all columns in use.
func (b *logBatch) grow() {
	from := b.capacity
	b.capacity = 2 * from
	for _, c := range b.used {
		v := &b.out.Columns[c]
		b.held += int64(from) * int64(b.t.columns[c].rowBytes)
		v.Bools, v.Longs, v.Reals, v.Strings = doubled(v.Bools), doubled(v.Longs), doubled(v.Reals), doubled(v.Strings)
		if v.Nulls != nil {
			v.Nulls = doubled(v.Nulls)
			b.held += int64(from)
		}
	}
}

func doubled[T any](v []T) []T {
	if v == nil {
		return nil
	}
	return append(v, make([]T, len(v))...)
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
	col := &b.out.Columns[c]
	if col.Longs == nil {
		b.use(c)
	}
	col.Longs[b.out.Rows] = v
	b.setIn[c] = b.turn
}

func (b *logBatch) setReal(c int, v float64) {
	col := &b.out.Columns[c]
	if col.Reals == nil {
		b.use(c)
	}
	col.Reals[b.out.Rows] = v
	b.setIn[c] = b.turn
}

func (b *logBatch) setBool(c int, v bool) {
	col := &b.out.Columns[c]
	if col.Bools == nil {
		b.use(c)
	}
	col.Bools[b.out.Rows] = v
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
	if b.out.Columns[c].Strings == nil {
		if len(v) == 0 && b.t.columns[c].Type == logrows.String { // as good as missing
			b.unset(c)
			return
		}
		b.use(c)
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

// setGiven is setText for a text of any bytes; an empty one is a missing value. It does nothing where the table lacks the column, -1.
func (b *logBatch) setGiven(c int, v string) {
	if v == "" || c < 0 {
		return
	}
	if !utf8.ValidString(v) {
		b.propText = appendValid(b.propText[:0], v)
		b.setText(c, b.propText)
		return
	}
	b.setText(c, unsafe.Slice(unsafe.StringData(v), len(v)))
}

// appendValid appends a text, in which each byte that is not of UTF-8 becomes U+FFFD.
func appendValid(dst []byte, v string) []byte {
	for _, r := range v {
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}

// setString sets a column to a text that another row or the arena holds already, or a constant.
func (b *logBatch) setString(c int, v string) {
	if b.out.Columns[c].Strings == nil {
		b.use(c)
	}
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
func (b *logBatch) property(name string) []byte {
	if len(name) > int(b.in.cfg.Logs.MaxFieldName) {
		b.fault(ReasonFieldLimit, "", []byte(name), fmt.Sprintf("is a name of %d bytes, the limit of ingest.logs.max_field_name is %s", len(name), b.in.cfg.Logs.MaxFieldName))
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
func (b *logBatch) textProperty(name, value string) {
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
	for _, c := range b.used {
		if b.setIn[c] == b.turn {
			if nulls := b.out.Columns[c].Nulls; nulls != nil {
				nulls[r] = false
			}
			continue
		}
		if b.t.columns[c].Type != logrows.String {
			if b.out.Columns[c].Nulls == nil {
				b.useNulls(c)
			}
			b.out.Columns[c].Nulls[r] = true
		}
		b.blank(c, r)
	}
	b.out.Rows++
	if n := max(at.line, at.index); n > 0 {
		b.indexed = at.index > 0
		b.places = append(b.places, int32(n))
	}
}

// placeOf returns where a row of the batch stood in its request.
func (b *logBatch) placeOf(row int) place {
	switch {
	case row < 0 || row >= len(b.places):
		return place{}
	case b.indexed:
		return place{index: int(b.places[row])}
	default:
		return place{line: int(b.places[row])}
	}
}

// blank clears what a refused row left where this one has no value.
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
	if size, limit := len(b.memberAt), b.in.cfg.Logs.MaxRow; size > int(limit) {
		b.fault(ReasonRowLimit, columnProperties, nil, fmt.Sprintf("its members have %d bytes, the limit of ingest.logs.max_row is %s", size, limit))
		return
	}
	b.identify()
	if c := b.t.roles.source; c >= 0 {
		b.setString(c, b.source)
	}
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

// rows returns the finished batch, which is the store's from then on.
func (b *logBatch) rows() *logrows.Batch {
	n := b.out.Rows
	out := b.out
	b.out = logrows.Batch{}
	for _, c := range b.used {
		v := &out.Columns[c]
		v.Bools, v.Longs, v.Reals, v.Strings = upTo(v.Bools, n), upTo(v.Longs, n), upTo(v.Reals, n), upTo(v.Strings, n)
		v.Nulls = upTo(v.Nulls, n)
	}
	return &out
}

func upTo[T any](v []T, n int) []T {
	if v == nil {
		return nil
	}
	return v[:n:n]
}
