package ingest

import (
	"strconv"
	"unsafe"

	"github.com/prometheus/prometheus/model/labels"
)

// lokiJSON reads {"streams":[{"stream":{"name":"value"},"values":[["nanoseconds","line",{"name":"value"}]]}]}. It must be JSON to its end.
type lokiJSON struct {
	*lokiPush
	json   jsonScanner
	text   []byte         // that was read last, as JSON
	line   []byte         // of the entry in progress
	second []labels.Label // its metadata
}

func (p *lokiJSON) read(body []byte) error {
	p.json.s = body
	var err error
	j := &p.json
	j.space()
	ok := p.object(func(name string) bool {
		if name != "streams" {
			return p.skip()
		}
		return p.array(func() bool {
			var done bool
			done, err = p.readStream()
			return done && err == nil
		})
	})
	if err != nil {
		return err
	}
	if ok {
		if j.space(); j.i < len(body) {
			ok = j.fail("nothing may follow the object")
		}
	}
	if !ok {
		return malformed("Loki push: not JSON of that form at byte %d: %s", j.i, j.wrong)
	}
	return nil
}

// readStream reads one stream. Values that come before the labels are skipped and read afterwards.
func (p *lokiJSON) readStream() (ok bool, err error) {
	j := &p.json
	values, labelled := -1, false
	ok = p.object(func(name string) bool {
		switch name {
		case "stream":
			var ls []labels.Label
			labelled = true
			if ls, ok = p.labels(nil); ok {
				p.stream(ls)
			}
			return ok
		case "values":
			if !labelled {
				values = j.i
				return p.skip()
			}
			ok, err = p.values()
			return ok && err == nil
		default:
			return p.skip()
		}
	})
	if !ok || err != nil {
		return ok, err
	}
	if !labelled {
		p.stream(nil)
	}
	if values >= 0 {
		end := j.i
		j.i = values
		ok, err = p.values()
		j.i = end
	}
	return ok, err
}

// values reads the entries of a stream whose labels are known.
func (p *lokiJSON) values() (ok bool, err error) {
	ok = p.array(func() bool {
		if p.dropped {
			p.count++
			return p.skip()
		}
		if err = p.begin(); err != nil {
			return false
		}
		return p.entry()
	})
	return ok, err
}

// entry reads [time, line, metadata]. A time or line that is none refuses the entry, and not those beside it.
func (p *lokiJSON) entry() bool {
	j, b := &p.json, p.b
	p.line, p.second = p.line[:0], p.second[:0]
	n := 0
	ok := p.array(func() (ok bool) {
		n++
		switch {
		case n == 1:
			return p.time()
		case n == 2 && j.peek() == '"':
			var v []byte
			if v, ok = j.value(); ok {
				p.line = append(p.line, v...)
			}
			return ok
		case n == 3 && j.peek() == '{':
			p.second, ok = p.labels(p.second)
			return ok
		}
		b.fault(ReasonType, "values", nil, `an entry must be ["nanoseconds since 1970", "line"], with an object of structured metadata if there is any`)
		return p.skip()
	})
	if !ok {
		return false
	}
	if n < 2 {
		b.fault(ReasonType, "values", nil, `an entry must be ["nanoseconds since 1970", "line"]`)
	}
	p.finish(unsafe.String(unsafe.SliceData(p.line), len(p.line)), p.second)
	return true
}

// time reads nanoseconds since 1970, as a string or a number.
func (p *lokiJSON) time() bool {
	j := &p.json
	var v []byte
	var ok bool
	if j.peek() == '"' {
		v, ok = j.value()
	} else if p.text, ok = j.canon(p.text[:0]); ok {
		v = p.text
	}
	if !ok {
		return false
	}
	ns, err := strconv.ParseInt(unsafe.String(unsafe.SliceData(v), len(v)), 10, 64)
	if err != nil {
		p.b.fault(ReasonType, columnTime, v, "is no time: must be nanoseconds since 1970, an integer of 64 bits")
		return true
	}
	if ns != 0 {
		p.b.setLong(p.b.t.roles.time, ticksOfNano(ns))
	}
	return true
}

// labels reads an object of strings; other values are kept as their JSON, and null is an absent one.
func (p *lokiJSON) labels(ls []labels.Label) (_ []labels.Label, ok bool) {
	j := &p.json
	ok = p.object(func(name string) bool {
		v, ok := []byte(nil), false
		switch j.peek() {
		case '"':
			v, ok = j.value()
		case 'n':
			return j.literal("null")
		default:
			p.text, ok = j.canon(p.text[:0])
			v = p.text
			if j.deepest > p.b.in.cfg.Logs.MaxDepth {
				p.b.tooDeep(name, j.deepest)
			}
		}
		ls = append(ls, labels.Label{Name: name, Value: string(v)})
		return ok
	})
	return ls, ok
}

func (p *lokiJSON) skip() (ok bool) {
	p.text, ok = p.json.canon(p.text[:0])
	return ok
}

// object reads an object; field reads the value of each of its fields.
func (p *lokiJSON) object(field func(name string) bool) bool {
	j := &p.json
	if j.peek() != '{' {
		return j.fail("an object was expected")
	}
	return p.list('}', func() bool {
		if j.peek() != '"' {
			return j.fail("the name of a field was expected, in quotes")
		}
		name, ok := j.value()
		if !ok {
			return false
		}
		text := string(name)
		if !j.colon() {
			return false
		}
		j.space()
		return field(text)
	})
}

// array reads an array; element reads each of its values.
func (p *lokiJSON) array(element func() bool) bool {
	if p.json.peek() != '[' {
		return p.json.fail("an array was expected")
	}
	return p.list(']', element)
}

// list reads what is between brackets, separated by commas.
func (p *lokiJSON) list(closing byte, element func() bool) bool {
	j := &p.json
	j.i++
	j.space()
	if j.peek() == closing {
		j.i++
		return true
	}
	for {
		if !element() {
			return false
		}
		j.space()
		switch j.peek() {
		case ',':
			j.i++
			j.space()
		case closing:
			j.i++
			return true
		default:
			return j.fail("a comma or the end of a list or object was expected")
		}
	}
}
