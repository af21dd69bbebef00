package ingest

import (
	"bytes"
	"fmt"
	"unsafe"

	"github.com/endscope/endscope/internal/logrows"
)

// logRowReader reads rows of JSON into a batch: a body of lines with an object each, or an array of objects.
type logRowReader struct {
	b    *logBatch
	t    *logTable
	json jsonScanner
	// order holds the columns of the fields of the row before, -1 for those that are kept in Properties: senders repeat their order, so
	// most names are found by one comparison.
	order []int
	lower []byte
}

// read reads a whole body. It returns an error if the request cannot be taken as a whole: an array that is not JSON, too many rows.
func (r *logRowReader) read(body []byte) error {
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	if start := bytes.TrimLeft(body, " \t\r\n"); len(start) > 0 && start[0] == '[' {
		return r.array(body)
	}
	return r.lines(body)
}

// lines reads newline-delimited JSON. A line may hold several objects, as some senders write them; what follows a bad one on its line
// that cannot be told apart is refused with it. A body that is one object over several lines is one row.
func (r *logRowReader) lines(body []byte) error {
	rest := body
	for n := 1; len(rest) > 0; n++ {
		line := rest
		if end := bytes.IndexByte(rest, '\n'); end >= 0 {
			line, rest = rest[:end], rest[end+1:]
		} else {
			rest = nil
		}
		r.json.s, r.json.i = line, 0
		r.json.space()
		for r.json.i < len(line) {
			from := r.json.i
			if err := r.b.begin(); err != nil {
				return err
			}
			ok := r.row()
			if !ok && n == 1 && r.json.i == len(line) && r.whole(body) {
				r.b.end(place{line: 1})
				return nil
			}
			if !ok {
				r.broken(line)
			} else if size := r.json.i - from; size > int(r.b.in.cfg.Logs.MaxRow) {
				r.tooLarge(size)
			}
			r.b.end(place{line: n})
			if !ok {
				break
			}
			r.json.space()
		}
	}
	return nil
}

// whole tries to read the body as one row.
func (r *logRowReader) whole(body []byte) bool {
	wrong := r.json.wrong
	at := r.json.i
	if len(body) <= int(r.b.in.cfg.Logs.MaxRow) && r.b.begin() == nil {
		r.json.s, r.json.i = body, 0
		r.json.space()
		if ok := r.row(); ok {
			if r.json.space(); r.json.i == len(body) {
				return true
			}
		}
	}
	r.b.cause = fault{}
	r.json.wrong, r.json.i = wrong, at
	return false
}

// array reads an array of objects. It must be JSON to its end.
func (r *logRowReader) array(body []byte) error {
	p := &r.json
	p.s, p.i = body, 0
	p.space()
	p.i++
	p.space()
	for n := 1; ; n++ {
		if n == 1 && p.peek() == ']' {
			break
		}
		from := p.i
		if err := r.b.begin(); err != nil {
			return err
		}
		if !r.row() {
			return r.malformed(n)
		}
		if size := p.i - from; size > int(r.b.in.cfg.Logs.MaxRow) {
			r.tooLarge(size)
		}
		r.b.end(place{index: n})
		p.space()
		if p.peek() == ']' {
			break
		}
		if p.peek() != ',' {
			p.fail("a comma or the array's end was expected")
			return r.malformed(n)
		}
		p.i++
		p.space()
	}
	p.i++
	if p.space(); p.i < len(body) {
		p.fail("nothing may follow the array")
		return malformed("the body is not JSON at byte %d: %s", p.i, p.wrong)
	}
	return nil
}

func (r *logRowReader) malformed(n int) error {
	return malformed("the body is not JSON at byte %d, in row %d of the array: %s; nothing is stored. Newline-delimited JSON is stored as far as it can be read",
		r.json.i, n-1, r.json.wrong)
}

// broken says why a line cannot be read.
func (r *logRowReader) broken(line []byte) {
	p := &r.json
	near := line[p.i:]
	if len(near) == 0 {
		near = nil
	}
	if len(near) > 16 {
		near = near[:16]
	}
	r.b.cause = fault{ReasonFormat, "", nil, fmt.Sprintf("not JSON at byte %d of the line, before %q: %s", p.i, clip(near), p.wrong)}
	p.wrong = ""
}

func (r *logRowReader) tooLarge(size int) {
	r.b.fault(ReasonRowLimit, "", nil, fmt.Sprintf("the row has %d bytes, the limit of ingest.logs.max_row is %s", size, r.b.in.cfg.Logs.MaxRow))
}

// row reads one object. It returns false if that is not JSON; other faults are noted in the batch, and the object is read to its end.
func (r *logRowReader) row() bool {
	p := &r.json
	p.wrong = ""
	if p.peek() != '{' {
		return r.noObject()
	}
	p.i++
	p.space()
	if p.peek() == '}' {
		p.i++
		r.b.fault(ReasonEmpty, "", nil, "the row has no field")
		return true
	}
	for n := 0; ; n++ {
		if !r.field(n) {
			return false
		}
		p.space()
		switch p.peek() {
		case ',':
			p.i++
			p.space()
		case '}':
			p.i++
			return true
		default:
			return p.fail("a comma or the object's end was expected")
		}
	}
}

// noObject refuses a value that is no object.
func (r *logRowReader) noObject() bool {
	var ok bool
	if r.b.memberAt, ok = r.json.canon(r.b.memberAt[:0]); !ok {
		return false
	}
	r.b.fault(ReasonFormat, "", r.b.memberAt, "is no row: must be an object")
	return true
}

// field reads the row's n-th field.
func (r *logRowReader) field(n int) bool {
	p := &r.json
	c := -1
	if n < len(r.order) {
		c = r.order[n]
	}
	if c >= 0 && bytes.HasPrefix(p.s[p.i:], r.t.columns[c].quoted) {
		p.i += len(r.t.columns[c].quoted)
	} else {
		if p.peek() != '"' {
			return p.fail("the name of a field was expected, in quotes")
		}
		name, ok := p.value()
		if !ok {
			return false
		}
		c = r.column(name)
		r.learn(n, c)
		if c < 0 || c == r.t.roles.properties {
			return r.member(name, c >= 0)
		}
	}
	if !p.colon() {
		return false
	}
	p.space()
	if c == r.t.roles.properties {
		return r.properties()
	}
	return r.columnValue(c)
}

func (r *logRowReader) learn(n, c int) {
	switch {
	case n < len(r.order):
		r.order[n] = c
	case n == len(r.order) && n < 1000:
		r.order = append(r.order, c)
	}
}

// column finds the column of a field: its name, or the name in another case. It returns -1 for a field that goes into Properties.
func (r *logRowReader) column(name []byte) int {
	if c, ok := r.t.byName[string(name)]; ok {
		return c
	}
	r.lower = r.lower[:0]
	for _, c := range name {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		r.lower = append(r.lower, c)
	}
	if c, ok := r.t.byName[string(r.lower)]; ok {
		return c
	}
	return -1
}

// member reads the value of a field that has no column, which is a member of Properties. Properties itself is one if it is no object.
func (r *logRowReader) member(name []byte, properties bool) bool {
	p, b := &r.json, r.b
	if properties {
		if !p.colon() {
			return false
		}
		p.space()
		return r.properties()
	}
	isType := string(name) == columnType // reading on overwrites the name
	text := b.property(unsafe.String(unsafe.SliceData(name), len(name)))
	if !p.colon() {
		return false
	}
	from := len(text)
	text, ok := p.canon(text)
	if !ok {
		return false
	}
	if isType && string(text[from:]) == string(r.t.quotedName) {
		b.dropProperty(text[:from])
		return true
	}
	b.endProperty(text, p.deepest)
	return true
}

// properties reads the value of Properties: the members of an object, each as if it were a field of the row.
func (r *logRowReader) properties() bool {
	p, b := &r.json, r.b
	switch p.peek() {
	case '{':
	case 'n':
		return p.literal("null")
	default:
		text, ok := p.canon(b.property(columnProperties))
		if ok {
			b.endProperty(text, p.deepest)
		}
		return ok
	}
	p.i++
	p.space()
	if p.peek() == '}' {
		p.i++
		return true
	}
	for {
		if p.peek() != '"' {
			return p.fail("the name of a field was expected, in quotes")
		}
		name, ok := p.value()
		if !ok {
			return false
		}
		text := b.property(unsafe.String(unsafe.SliceData(name), len(name)))
		if !p.colon() {
			return false
		}
		if text, ok = p.canon(text); !ok {
			return false
		}
		b.endProperty(text, p.deepest)
		p.space()
		switch p.peek() {
		case ',':
			p.i++
			p.space()
		case '}':
			p.i++
			return true
		default:
			return p.fail("a comma or the object's end was expected")
		}
	}
}

// columnValue reads the value of a column.
func (r *logRowReader) columnValue(c int) bool {
	p, b := &r.json, r.b
	typ := r.t.columns[c].Type
	switch p.peek() {
	case '"':
		if typ == logrows.Dynamic {
			return r.anyValue(c)
		}
		v, ok := p.value()
		if !ok {
			return false
		}
		if typ == logrows.String {
			b.setText(c, v)
		} else {
			b.setFromText(c, v)
		}
		return true
	case '{', '[':
		return r.anyValue(c)
	case 'n':
		b.unset(c)
		return p.literal("null")
	case 't', 'f':
		return r.boolValue(c)
	}
	if typ == logrows.Int || typ == logrows.Long {
		from := p.i
		if n, ok := p.integer(); ok {
			b.setInteger(c, n, p.s[from:p.i])
			return true
		}
	}
	v, ok := p.number()
	if !ok {
		return false
	}
	if typ == logrows.Dynamic {
		b.setText(c, v)
	} else {
		b.setFromNumber(c, v)
	}
	return true
}

func (r *logRowReader) boolValue(c int) bool {
	p := &r.json
	word := "true"
	if p.peek() == 'f' {
		word = "false"
	}
	if !p.literal(word) {
		return false
	}
	switch r.t.columns[c].Type {
	case logrows.Bool:
		r.b.setBool(c, word == "true")
	case logrows.String, logrows.Dynamic:
		r.b.setText(c, []byte(word))
	default:
		r.b.wrongType(c, []byte(word))
	}
	return true
}

// anyValue reads any value as JSON, for columns that are dynamic or of strings.
func (r *logRowReader) anyValue(c int) bool {
	p, b := &r.json, r.b
	text, ok := p.canon(b.propText[:0])
	b.propText = text
	if !ok {
		return false
	}
	switch r.t.columns[c].Type {
	case logrows.Dynamic, logrows.String:
		if p.deepest > b.in.cfg.Logs.MaxDepth {
			b.tooDeep(r.t.columns[c].Name, p.deepest)
		}
		b.setText(c, text)
	default:
		b.wrongType(c, text)
	}
	return true
}
