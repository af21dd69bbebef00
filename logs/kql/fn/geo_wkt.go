package fn

import (
	"strconv"
	"strings"

	"github.com/endscope/endscope/logs/kql/value"
)

func geoTextFunctions() []Scalar {
	return []Scalar{{
		Signature: Signature{Text: "geo_from_wkt(wkt: string): dynamic", Help: "Reads a geometry in well-known text, such as POINT (1 2), as GeoJSON."},
		Make: simple(func(a []value.Value) value.Value {
			r := wktReader{rest: a[0].(string)}
			g := r.geometry(0)
			if g == nil || strings.TrimSpace(r.rest) != "" {
				return nil
			}
			return g
		}),
	}}
}

// wktReader reads well-known text from left to right.
type wktReader struct{ rest string }

// wktDepth bounds how deep collections may nest.
const wktDepth = 32

// take skips blanks and then a text, if it is there.
func (r *wktReader) take(text string) bool {
	r.rest = strings.TrimLeft(r.rest, " \t\r\n")
	if !strings.HasPrefix(r.rest, text) {
		return false
	}
	r.rest = r.rest[len(text):]
	return true
}

func (r *wktReader) word() string {
	r.rest = strings.TrimLeft(r.rest, " \t\r\n")
	n := 0
	for n < len(r.rest) && (r.rest[n]|0x20 >= 'a' && r.rest[n]|0x20 <= 'z') {
		n++
	}
	w := r.rest[:n]
	r.rest = r.rest[n:]
	return strings.ToUpper(w)
}

// geometry returns a GeoJSON geometry, or nil where the text is none.
func (r *wktReader) geometry(depth int) value.Value {
	if depth > wktDepth {
		return nil
	}
	switch r.word() {
	case "POINT":
		if list, ok := r.points(); ok && len(list) == 1 {
			return geoJSON("Point", list[0])
		}
	case "LINESTRING":
		return r.nested("LineString", 0)
	case "POLYGON":
		return r.nested("Polygon", 1)
	case "MULTIPOINT":
		return r.nested("MultiPoint", 0)
	case "MULTILINESTRING":
		return r.nested("MultiLineString", 1)
	case "MULTIPOLYGON":
		return r.nested("MultiPolygon", 2)
	case "GEOMETRYCOLLECTION":
		list, ok := r.list(func() (value.Value, bool) {
			g := r.geometry(depth + 1)
			return g, g != nil
		})
		if ok {
			b := &value.Bag{}
			b.Set("type", "GeometryCollection")
			b.Set("geometries", list)
			return b
		}
	}
	return nil
}

// nested reads points in so many levels of lists around their own.
func (r *wktReader) nested(kind string, levels int) value.Value {
	var read func(level int) (value.Value, bool)
	read = func(level int) (value.Value, bool) {
		if level == 0 {
			return r.points()
		}
		return r.list(func() (value.Value, bool) { return read(level - 1) })
	}
	if v, ok := read(levels); ok {
		return geoJSON(kind, v)
	}
	return nil
}

// points reads (1 2, 3 4); a point may stand in parentheses of its own.
func (r *wktReader) points() (value.Array, bool) {
	return r.list(func() (value.Value, bool) {
		inner := r.take("(")
		at := value.Array{}
		for {
			n, ok := r.number()
			if !ok {
				break
			}
			at = append(at, n)
		}
		return at, len(at) >= 2 && len(at) <= 4 && (!inner || r.take(")"))
	})
}

func (r *wktReader) list(element func() (value.Value, bool)) (value.Array, bool) {
	if !r.take("(") {
		return nil, false
	}
	var out value.Array
	for {
		v, ok := element()
		if !ok {
			return nil, false
		}
		out = append(out, v)
		if !r.take(",") {
			return out, r.take(")")
		}
	}
}

func (r *wktReader) number() (value.Value, bool) {
	r.rest = strings.TrimLeft(r.rest, " \t\r\n")
	n := strings.IndexFunc(r.rest, func(c rune) bool { return !strings.ContainsRune("+-.0123456789eE", c) })
	if n < 0 {
		n = len(r.rest)
	}
	text := r.rest[:n]
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		r.rest = r.rest[n:]
		return i, true
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil, false
	}
	r.rest = r.rest[n:]
	return f, true
}
