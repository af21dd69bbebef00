package fn

import "github.com/endscope/endscope/logs/kql/value"

// path is a line of at least two points, or the ring of a polygon without its last point, which is the first again.
type path []place

// polygon is a shell and its holes.
type polygon []path

// lines reads a GeoJSON LineString or MultiLineString. False means that v is none, or not a valid one.
func lines(v value.Value) ([]path, bool) {
	kind, coordinates := geometry(v)
	var out []path
	switch kind {
	case "LineString":
		coordinates = value.Array{coordinates}
	case "MultiLineString":
	default:
		return nil, false
	}
	list, _ := coordinates.(value.Array)
	for _, e := range list {
		p, ok := pathOf(e)
		if !ok || len(p) < 2 {
			return nil, false
		}
		for i := 1; i < len(p); i++ {
			if p[i] == p[i-1] {
				return nil, false
			}
		}
		out = append(out, p)
	}
	return out, len(out) > 0
}

// polygons reads a GeoJSON Polygon or MultiPolygon. False means that v is none, or not a valid one.
func polygons(v value.Value) ([]polygon, bool) {
	kind, coordinates := geometry(v)
	switch kind {
	case "Polygon":
		coordinates = value.Array{coordinates}
	case "MultiPolygon":
	default:
		return nil, false
	}
	var out []polygon
	list, _ := coordinates.(value.Array)
	for _, e := range list {
		rings, _ := e.(value.Array)
		var p polygon
		for _, r := range rings {
			ring, ok := pathOf(r)
			if !ok || len(ring) < 4 || ring[0] != ring[len(ring)-1] {
				return nil, false
			}
			ring = ring[:len(ring)-1]
			seen := map[place]bool{}
			for _, at := range ring {
				if seen[at] {
					return nil, false
				}
				seen[at] = true
			}
			p = append(p, ring)
		}
		if len(p) == 0 {
			return nil, false
		}
		out = append(out, p)
	}
	return out, len(out) > 0
}

// geometry returns the type and coordinates of a GeoJSON geometry, "" if v is none.
func geometry(v value.Value) (kind string, coordinates value.Value) {
	b, ok := v.(*value.Bag)
	if !ok {
		return "", nil
	}
	t, _ := b.Get("type")
	kind, _ = t.(string)
	coordinates, _ = b.Get("coordinates")
	return kind, coordinates
}

func pathOf(v value.Value) (path, bool) {
	list, ok := v.(value.Array)
	if !ok {
		return nil, false
	}
	p := make(path, len(list))
	for i, e := range list {
		at, _ := e.(value.Array)
		if len(at) < 2 {
			return nil, false
		}
		points, ok := placeArgs(at[:2])
		if !ok {
			return nil, false
		}
		p[i] = points[0]
	}
	return p, true
}

// geoJSON makes a geometry.
func geoJSON(kind string, coordinates value.Value) *value.Bag {
	b := &value.Bag{}
	b.Set("type", kind)
	b.Set("coordinates", coordinates)
	return b
}

// edges calls f with every edge of a ring.
func (p path) edges(f func(a, b place)) {
	for i, a := range p {
		f(a, p[(i+1)%len(p)])
	}
}

// segments calls f with every segment of a line.
func (p path) segments(f func(a, b place)) {
	for i := 1; i < len(p); i++ {
		f(p[i-1], p[i])
	}
}

// middle returns the sum of the points, which points to the side of the globe on which they are.
func (p path) middle() place {
	var sum place
	for _, at := range p {
		sum = sum.plus(at)
	}
	return sum
}

// contains says whether a ring, whose inside is the smaller of its two sides, holds a point.
func (p path) contains(at place) bool {
	if p.middle().dot(at) <= 0 {
		return false
	}
	// The edges turn once around a point inside, and not around one outside.
	turn := 0.0
	p.edges(func(a, b place) {
		from, to := at.cross(a), at.cross(b)
		turn += signedAngle(from, to, at)
	})
	return turn > 3 || turn < -3
}

// contains says whether a polygon holds a point.
func (p polygon) contains(at place) bool {
	if !p[0].contains(at) {
		return false
	}
	for _, hole := range p[1:] {
		if hole.contains(at) {
			return false
		}
	}
	return true
}

func anyContains(ps []polygon, at place) bool {
	for _, p := range ps {
		if p.contains(at) {
			return true
		}
	}
	return false
}
